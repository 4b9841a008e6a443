/// Finds the folders that rules name while paths come by in key order, in which all that is in a folder stands
/// together.
///
/// Of folders in each other only the outermost is told: what is in the others is decided after it.
struct FolderWalk {
    /// A folder that a rule names, with a slash at its end.
    struct Folder: Sendable {
        let path: String
        let rule: RetentionRule
        /// How many children it has, deleted ones too.
        private(set) var children = 0
        private var last = ""

        init(_ path: String, _ rule: RetentionRule) {
            self.path = path
            self.rule = rule
        }

        fileprivate mutating func count(_ path: PackagePath) {
            let child = FolderChild.path(in: self.path, to: path)
            if child == last { return }
            last = child
            children += 1
        }
    }

    private let rules: [RetentionRule]
    private let scope: String
    private var current: Folder?
    private var previous: PackagePath?
    /// The path before the first one in the current folder.
    private var before: PackagePath?
    /// A folder of packages that is known to be in none that a rule names.
    private var plain: Substring.UTF8View?

    /// - Parameter scope: the folder that the paths are in, with a slash at its end, itself among those that are looked
    ///   at; empty for the top of a feed.
    init(_ rules: [RetentionRule], in scope: String) {
        self.rules = rules
        self.scope = scope
    }

    /// Up to where nothing is left to be decided; nil while that is nothing.
    var reached: PackagePath? { current == nil ? previous : before }

    /// Ends the current folder where a path is not in it.
    mutating func leave(for path: PackagePath) -> Folder? {
        guard let folder = current, !path.text.utf8.starts(with: folder.path.utf8) else { return nil }
        return finish()
    }

    /// Ends the current folder.
    mutating func finish() -> Folder? { current.take() }

    /// Goes on to a path.
    /// - Returns: whether it is in a folder that a rule names.
    mutating func enter(_ path: PackagePath) -> Bool {
        defer { previous = path }
        if current == nil, let found = outermost(path) {
            current = found
            before = previous
        }
        current?.count(path)
        return current != nil
    }

    private mutating func outermost(_ path: PackagePath) -> Folder? {
        let text = path.text.utf8
        guard let end = text.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        if let plain, plain.elementsEqual(text[..<end]) { return nil }
        var index = text.index(text.startIndex, offsetBy: max(0, scope.utf8.count - 1))
        while let slash = text[index...].firstIndex(of: UInt8(ascii: "/")) {
            if let rule = rules.rule(for: String(Substring(text[..<slash]))) {
                return Folder(String(Substring(text[...slash])), rule)
            }
            index = text.index(after: slash)
        }
        plain = text[..<end]
        return nil
    }
}

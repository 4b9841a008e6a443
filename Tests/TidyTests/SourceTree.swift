import FoundationEssentials
import Testing

/// The files of this package, found from where this file stands.
struct SourceTree {
    let root: String

    init(_ here: String = #filePath) {
        root = here.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    }

    /// Paths of all files below `folder`, relative to the root and sorted; what a build leaves behind is left out.
    func files(below folder: String) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder) else { return [] }
        return names.sorted().flatMap { name -> [String] in
            if [".git", ".build", ".swiftpm", "dist"].contains(name) || name.hasPrefix(".build") { return [] }
            let path = folder.isEmpty ? name : folder + "/" + name
            var isFolder = false
            guard FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder) else { return [] }
            return isFolder ? files(below: path) : [path]
        }
    }

    func bytes(of path: String) -> [UInt8] {
        FileManager.default.contents(atPath: root + "/" + path).map { Array($0) } ?? []
    }

    /// All Swift files below the folder.
    func swiftFiles(below folder: String) -> [SourceFile] {
        files(below: folder).filter { $0.hasSuffix(".swift") }.map { SourceFile(path: $0, bytes: bytes(of: $0)) }
    }

    /// Read once for all tests.
    static let here = SourceTree()
    static let sources = here.swiftFiles(below: "Sources")
    static let tests = here.swiftFiles(below: "Tests")
}

/// A Swift file: its lines as they stand, and its lines without comments and without what stands in quotes.
struct SourceFile: Sendable {
    let path: String
    let lines: [String]
    let code: [String]

    init(path: String, bytes: [UInt8]) {
        self.path = path
        lines = Self.split(bytes)
        code = Self.split(SwiftText(bytes).code)
    }

    private static func split(_ bytes: [UInt8]) -> [String] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The target that it belongs to.
    var target: String { String(path.split(separator: "/")[1]) }

    /// The folder directly inside its target; empty at the top.
    var layer: String {
        let parts = path.split(separator: "/")
        return parts.count > 3 ? String(parts[2]) : ""
    }

    /// Lines of code that `matches` picks, as `path:line: text`.
    func places(where matches: (String) -> Bool) -> [String] {
        code.indices.filter { matches(code[$0]) }.map { place($0) }
    }

    func place(_ line: Int) -> String { "\(path):\(line + 1): \(lines[line].drop { $0 == " " })" }
}

extension StringProtocol {
    /// Its words: runs of ASCII letters, digits and underscores.
    var words: [String] {
        utf8.split { byte in
            !(byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || byte == 0x5F)
        }.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Fails unless the list is empty, and shows it.
func expectNone(_ places: [String], _ comment: String = "") {
    if !places.isEmpty { Issue.record("\(comment)\n\(places.joined(separator: "\n"))") }
}

internal import BlobStore
internal import BlobTerminal

/// The files to publish, found as they are asked for.
final class PushQueue {
    private let push: Push
    private let only: LocalSelection?
    /// What of the selection was come across.
    private var met: Set<LocalName> = []
    private let refuse: (LocalName, StoreError) -> Void
    private var files: ArraySlice<String>
    private var tree: (root: String, walk: LocalTree)?
    private var waiting: ArraySlice<Push.Item> = []

    /// - Parameter refuse: is told what cannot be published.
    init(_ push: Push, only: LocalSelection?, _ refuse: @escaping (LocalName, StoreError) -> Void) {
        self.push = push
        self.only = only
        self.refuse = refuse
        files = push.files[...]
    }

    /// The next file; nil at the end.
    func next() async throws(StoreError) -> Push.Item? {
        while true {
            if let item = waiting.popFirst() {
                if isSelected(LocalName(item.file)) { return item }
            } else if let (root, walk) = tree {
                if let page = try await walk.next() { add(page, below: root) } else { tree = nil }
            } else if let file = files.popFirst() {
                try await begin(file)
            } else {
                failRest()
                return nil
            }
        }
    }

    private func isSelected(_ name: LocalName) -> Bool {
        guard let only else { return true }
        guard let listing = only.listing(name) else { return false }
        met.insert(listing)
        return true
    }

    /// What was listed and never come across is told, not passed over.
    private func failRest() {
        for name in only?.outermost ?? [] where met.insert(name).inserted {
            refuse(
                name, StoreError(.notFound, "\(name) is listed, but was not found among the files that were named"))
        }
    }

    /// Walks a directory, and takes anything else as a file.
    private func begin(_ file: String) async throws(StoreError) {
        if push.isRecursive {
            do throws(StoreError) {
                tree = (file, try await LocalTree(file))
                return
            } catch  where error.code != .invalidArgument {
                return refuse(LocalName(file), error)
            } catch {}  // It is no directory.
        }
        if !push.isRecursive, try await LocalTree.isDirectory(file) {
            return refuse(
                LocalName(file),
                StoreError(.sourceFailed, "\(file) is a directory: publish the files in it with -r, or import it"))
        }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        // Who names a link himself asks for what it leads to.
        waiting.append(Push.Item(file: file, name: name, followsLink: true))
    }

    private func add(_ page: [LocalTree.Entry], below root: String) {
        let folder = Self.folder(root)
        for entry in page {
            switch entry {
            case .file(let path): wait(folder, path)
            case .link(let path) where push.followsLinks: wait(folder, path)
            case .link(let path):
                fail(
                    LocalName(folder + path),
                    StoreError(
                        .sourceFailed, "\(folder + path) is a symbolic link, which is followed only with --follow-links"
                    ))
            case .refused(let name, let error): fail(Self.name(name, below: root), error)
            }
        }
    }

    private func fail(_ name: LocalName, _ error: StoreError) {
        if isSelected(name) { refuse(name, error) }
    }

    /// What something in a directory is called, as a list of items has it.
    static func name(_ name: LocalName, below root: String) -> LocalName {
        LocalName(bytes: Array(folder(root).utf8) + name.bytes)
    }

    private static func folder(_ root: String) -> String { root.hasSuffix("/") ? root : root + "/" }

    private func wait(_ folder: String, _ path: String) {
        waiting.append(Push.Item(file: folder + path, name: path, followsLink: push.followsLinks))
    }
}

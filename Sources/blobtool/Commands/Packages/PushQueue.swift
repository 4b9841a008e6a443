internal import BlobStore
internal import BlobTerminal

/// The files to publish, found as they are asked for.
final class PushQueue {
    private let push: Push
    private let only: Set<String>?
    private let failures: Failures
    private var files: ArraySlice<String>
    private var tree: (root: String, walk: LocalTree)?
    private var waiting: ArraySlice<Push.Item> = []

    init(_ push: Push, only: Set<String>?, _ failures: Failures) {
        self.push = push
        self.only = only
        self.failures = failures
        files = push.files[...]
    }

    /// The next file; nil at the end.
    func next() async throws(StoreError) -> Push.Item? {
        while true {
            if let item = waiting.popFirst() {
                if only?.contains(item.file) ?? true { return item }
            } else if let (root, walk) = tree {
                if let page = try await walk.next() { add(page, below: root) } else { tree = nil }
            } else if let file = files.popFirst() {
                try await begin(file)
            } else {
                return nil
            }
        }
    }

    /// Walks a directory, and takes anything else as a file.
    private func begin(_ file: String) async throws(StoreError) {
        if push.isRecursive {
            do throws(StoreError) {
                tree = (file, try await LocalTree(file))
                return
            } catch  where error.code != .invalidArgument {
                return failures.add(file, error)
            } catch {}  // It is no directory.
        }
        if !push.isRecursive, try await LocalTree.isDirectory(file) {
            return failures.add(
                file, StoreError(.sourceFailed, "\(file) is a directory: publish the files in it with -r, or import it")
            )
        }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        // Who names a link himself asks for what it leads to.
        waiting.append(Push.Item(file: file, name: name, followsLink: true))
    }

    private func add(_ page: [LocalTree.Entry], below root: String) {
        let folder = root.hasSuffix("/") ? root : root + "/"
        for entry in page {
            switch entry {
            case .file(let path): wait(folder, path)
            case .link(let path) where push.followsLinks: wait(folder, path)
            case .link(let path):
                failures.add(
                    folder + path,
                    StoreError(
                        .sourceFailed, "\(folder + path) is a symbolic link, which is followed only with --follow-links"
                    ))
            case .refused(let path, let error): failures.add(folder + path, error)
            }
        }
    }

    private func wait(_ folder: String, _ path: String) {
        waiting.append(Push.Item(file: folder + path, name: path, followsLink: push.followsLinks))
    }
}

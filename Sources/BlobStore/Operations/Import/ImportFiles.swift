/// The files to import: those named, or all of a tree, found as they are asked for.
final class ImportFiles {
    private let directory: String
    private let followsLinks: Bool
    private let tally: ImportTally
    private var tree: LocalTree?
    /// What of the names listed was not looked at yet.
    private var listed: ArraySlice<LocalName>
    private var waiting: ArraySlice<String> = []

    init(
        _ directory: String, only: [LocalName]?, followsLinks: Bool, _ tally: ImportTally
    ) async throws(StoreError) {
        self.directory = directory
        self.followsLinks = followsLinks
        self.tally = tally
        // Opened in any case: a directory that is not there is one error, not one for each file.
        let tree = try await LocalTree(directory)
        self.tree = only == nil ? tree : nil
        listed = LocalSelection(only ?? []).outermost[...]
    }

    /// Up to `count` paths; none at the end. What can't be taken is counted as failed on the way.
    func next(_ count: Int) async throws(StoreError) -> [String] {
        while waiting.count < count, !Task.isCancelled {
            if let page = try await tree?.next() {
                for entry in page { add(entry) }
            } else if let name = listed.popFirst() {
                tree = nil
                await begin(name)
            } else {
                break
            }
        }
        defer { waiting = waiting.dropFirst(count) }
        return Array(waiting.prefix(count))
    }

    /// Takes up a name of the list: a file, or a folder to walk.
    private func begin(_ name: LocalName) async {
        do throws(StoreError) {
            guard let text = name.text else { throw try await refusal(ofBytes: name) }
            guard name.isFolder else { return waiting.append(text) }
            // As a path it would be refused for its end; what is before that must not lead out of the tree.
            _ = try PackagePath(String(text.dropLast()))
            tree = try await LocalTree(directory, below: text)
        } catch {
            tally.refuse(name, error)
        }
    }

    private func refusal(ofBytes name: LocalName) async throws(StoreError) -> StoreError {
        let directory = directory
        return try await LocalThreads.run { () throws(StoreError) in
            LocalSource.exists(name, in: directory)
                ? LocalSource.refusal(ofBytes: name)
                : StoreError(.notFound, "\(directory)/\(name) does not exist")
        }
    }

    private func add(_ entry: LocalTree.Entry) {
        switch entry {
        case .file(let path): waiting.append(path)
        case .link(let path) where followsLinks: waiting.append(path)
        case .link(let path):
            tally.refuse(
                LocalName(path),
                StoreError(
                    .sourceFailed, "\(path) is a symbolic link, which is followed only with --follow-links"))
        case .refused(let name, let error): tally.refuse(name, error)
        }
    }
}

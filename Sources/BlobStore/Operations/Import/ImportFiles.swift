/// The files to import: those named, or all of a tree, found as they are asked for.
final class ImportFiles {
    private let tree: LocalTree?
    private var waiting: ArraySlice<String>
    private let followsLinks: Bool
    private let tally: ImportTally

    init(
        _ directory: String, only: [String]?, followsLinks: Bool, _ tally: ImportTally
    ) async throws(StoreError) {
        // Opened in any case: a directory that is not there is one error, not one for each file.
        let tree = try await LocalTree(directory)
        self.tree = only == nil ? tree : nil
        waiting = (only ?? [])[...]
        self.followsLinks = followsLinks
        self.tally = tally
    }

    /// Up to `count` paths; none at the end. What can't be taken is counted as failed on the way.
    func next(_ count: Int) async throws(StoreError) -> [String] {
        while waiting.count < count, let page = try await tree?.next() {
            if Task.isCancelled { break }
            for entry in page { add(entry) }
        }
        defer { waiting = waiting.dropFirst(count) }
        return Array(waiting.prefix(count))
    }

    private func add(_ entry: LocalTree.Entry) {
        switch entry {
        case .file(let path): waiting.append(path)
        case .link(let path) where followsLinks: waiting.append(path)
        case .link(let path):
            tally.fail(
                path,
                StoreError(
                    .sourceFailed, "\(path) is a symbolic link, which is followed only with --follow-links"))
        case .refused(let path, let error): tally.fail(path, error)
        }
    }
}

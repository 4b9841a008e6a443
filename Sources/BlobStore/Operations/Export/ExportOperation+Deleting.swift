internal import LocalFiles

// Files that the feed does not hold.
extension ExportOperation {
    /// Removes the files of the directory that the feed does not hold, after all of it was exported.
    ///
    /// Each is looked up in the feed once more, so that memory does not grow with either. Only regular files go, and
    /// folders that are empty after that. What is outside of the prefix and the filter stays.
    /// - Returns: how many were removed (in a dry run: would be), and how many could not be looked at or removed.
    func deleteOthers(
        from opened: OpenFeed, _ counter: WorkCounter
    ) async throws(StoreError) -> (deleted: Int64, failed: Int64) {
        guard try await LocalTree.isDirectory(directory) else { return (0, 0) }
        counter.begin("looking for other files")
        let tree = try await LocalTree(directory)
        let removal = options.isDryRun ? nil : try await LocalRemoval(directory)
        var (deleted, failed): (Int64, Int64) = (0, 0)
        while let page = try await tree.next() {
            if Task.isCancelled { throw StoreError(.cancelled, "cancelled; the same command resumes where it stopped") }
            for case .refused(let name, let error) in page {
                report(.failed(name.description, error))
                failed += 1
            }
            let others = try await others(in: page, than: opened)
            counter.add(items: Int64(page.count))
            if case .file(let path)? = page.first { await removal?.removeEmptied(reading: path) }
            if others.isEmpty { continue }
            try await expectPlace(of: opened)
            for (path, result) in zip(others, await removal?.remove(others) ?? others.map { _ in .success(true) }) {
                switch result {
                case .success(let isGone):
                    if !isGone { continue }
                    deleted += 1
                    report(.deleted(path))
                case .failure(let error):
                    report(.failed(path, error))
                    failed += 1
                }
            }
        }
        await removal?.removeEmptied(reading: nil)
        return (deleted, failed)
    }

    /// Makes sure, before anything is written, that the directory is empty or an export of the feed: that it has a file
    /// which the feed lists.
    /// - Throws: `invalidArgument`.
    func expectKnown(in opened: OpenFeed) async throws(StoreError) {
        guard try await LocalTree.isDirectory(directory), try await hasFiles() else { return }
        for try await page in opened.storage.packages(query) {
            let names = page.map { LocalName($0.path.text) }
            let isKnown = try await LocalThreads.run { [directory] () throws(StoreError) in
                names.contains { LocalSource.exists($0, in: directory) }
            }
            if isKnown { return }
        }
        throw isUnknown
    }

    private func hasFiles() async throws(StoreError) -> Bool {
        let tree = try await LocalTree(directory)
        while let page = try await tree.next() {
            if page.contains(where: { if case .file = $0 { true } else { false } }) { return true }
        }
        return false
    }

    /// The files of a page that the feed does not hold, as far as they are asked about.
    private func others(
        in page: [LocalTree.Entry], than opened: OpenFeed
    ) async throws(StoreError) -> [String] {
        let files = page.compactMap { entry -> String? in
            guard case .file(let path) = entry, path.utf8.starts(with: options.prefix.utf8) else { return nil }
            return options.filter.admits(path) ? path : nil
        }
        // What cannot be a package's path is none.
        let paths = files.compactMap { try? PackagePath($0) }
        // One whose record cannot be read may well be held.
        let held = Set(await opened.read(paths, includesDeleted: false).map { Array($0.path.text.utf8) })
        return files.filter { !held.contains(Array($0.utf8)) }
    }

    /// An absence counts only in the root that the feed has now.
    private func expectPlace(of opened: OpenFeed) async throws(StoreError) {
        try await opened.root.verify()
        guard try await feed.record().epoch == opened.record.epoch else {
            throw StoreError(
                .migrating,
                "the feed \"\(feed.name)\" was changed or moved meanwhile, so nothing more was deleted; export again",
                isRetryable: true)
        }
    }

    private var isUnknown: StoreError {
        StoreError(
            .invalidArgument,
            "\(directory) holds none of the files that feed \"\(feed.name)\" lists here, so it may be the wrong directory and "
                + "nothing was deleted; see what would go with --dry-run --force, and delete it with --force")
    }
}

internal import LocalFiles

/// Compares a feed with a tree of files: each file is looked up in the feed, then each package in the tree. A tree has
/// no order to walk both side by side in.
struct TreeComparison: Sendable {
    private let storage: any Storage
    private let tree: String
    private let isTreeFirst: Bool
    private let jobs: Int
    private let tally: CompareTally

    /// - Parameter isTreeFirst: whether what only the tree has is what the second side misses.
    init(of storage: any Storage, with tree: String, isTreeFirst: Bool, jobs: Int, _ tally: CompareTally) {
        self.storage = storage
        self.tree = tree.count > 1 && tree.hasSuffix("/") ? String(tree.dropLast()) : tree
        self.isTreeFirst = isTreeFirst
        self.jobs = jobs
        self.tally = tally
    }

    func callAsFunction() async throws(StoreError) {
        let walk = try await LocalTree(tree)
        while let page = try await walk.next() { try await compare(page) }
        tally.counter.begin("comparing packages")
        let pages = storage.paths(PackageQuery()) { [tally] thing, why in tally.fail(thing, why) }
        for try await page in pages {
            try await reportAbsent(of: page)
            tally.counter.add(items: Int64(page.count))
        }
    }

    // MARK: - Files

    private func compare(_ page: [LocalTree.Entry]) async throws(StoreError) {
        let paths = page.compactMap { path(of: $0) }
        let listings = await storage.packages(at: paths, includesDeleted: false)
        var found: [PackagePath: PackageListing] = [:]
        for listing in listings { found[listing.path] = listing }
        try await concurrently(jobs, paths.map { ($0, found[$0]) }) { (pair) async throws(StoreError) in
            try await guarding(pair.0) { () async throws(StoreError) in try await compare(pair.0, pair.1) }
            tally.counter.add(items: 1)
        }
    }

    /// The package path of a file; what cannot be one is told.
    private func path(of entry: LocalTree.Entry) -> PackagePath? {
        switch entry {
        case .file(let name):
            do { return try PackagePath(name) } catch { tally.fail(name, error) }
        case .link(let name):
            tally.fail(name, StoreError(.sourceFailed, "\(name) is a symbolic link, and links are not followed here"))
        case .refused(let name, let error): tally.fail(name.description, error)
        }
        return nil
    }

    private func compare(_ path: PackagePath, _ listing: PackageListing?) async throws(StoreError) {
        switch listing {
        case nil: tally.add(isTreeFirst ? .missing : .extra, path: path.text, in: nil)
        case .unreadable(_, let error): throw error
        case .package(let record):
            let file = try await LocalFile.open("\(tree)/\(path)")
            let isEqual = try await file.holds(record.digest, size: record.size) { tally.counter.add(bytes: $0) }
            if isEqual { tally.addEqual() } else { tally.add(.different, path: path.text, in: nil) }
        }
    }

    // MARK: - Packages

    /// Tells of the packages of a page that the tree does not have. Only their records are read.
    private func reportAbsent(of page: [PackagePath]) async throws(StoreError) {
        var absent: [PackagePath] = []
        for path in page {
            try await guarding(path) { () async throws(StoreError) in
                if try await !LocalTree.isAnything(at: "\(tree)/\(path)") { absent.append(path) }
            }
        }
        if absent.isEmpty { return }
        for listing in await storage.packages(at: absent, includesDeleted: false) {
            switch listing {
            case .package(let record):
                tally.add(isTreeFirst ? .extra : .missing, path: record.path.text, in: nil)
            case .unreadable(let path, let error): tally.fail(path.text, error)
            }
        }
    }

    private func guarding(
        _ path: PackagePath, _ work: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        do throws(StoreError) { try await work() } catch {
            if error.code == .cancelled { throw error }
            tally.fail(path.text, error)
        }
    }
}

/// Which packages of a feed to list.
public struct PackageQuery: Sendable, Equatable {
    /// Only paths that begin with this text.
    public var prefix: String
    /// Only paths after this one, in key order.
    public var after: PackagePath?
    /// Whether to list deleted packages too.
    public var includesDeleted: Bool
    /// Only paths that it admits. The records of others are not read.
    public var filter: PathFilter

    /// A query; without arguments, for all packages that are not deleted.
    public init(
        prefix: String = "", after: PackagePath? = nil, includesDeleted: Bool = false,
        filter: PathFilter = PathFilter()
    ) {
        self.filter = filter
        self.prefix = prefix
        self.after = after
        self.includesDeleted = includesDeleted
    }
}

/// A line of a listing: a package, or a record that could not be read.
public enum PackageListing: Sendable {
    /// A package, with its record.
    case package(PackageRecord)
    /// The record at that path is damaged or cannot be read.
    case unreadable(PackagePath, StoreError)

    /// The path of the package, or of the record that cannot be read.
    public var path: PackagePath {
        switch self {
        case .package(let record): record.path
        case .unreadable(let path, _): path
        }
    }
}

extension Feed {
    /// The paths of all packages, deleted ones too, in key order, in pages. No record is read.
    /// - Throws: in the sequence, what listing throws; an error is never an early end.
    /// - Cost: memory for a page, whatever the feed's size.
    public func paths(_ query: PackageQuery = PackageQuery()) async throws(StoreError) -> AsyncPull<[PackagePath]> {
        try await open().paths(query)
    }

    /// The packages in key order, in pages, each with its record.
    /// - Cost: one read a package, or fewer in a bucket where an index of the records is there; memory for a few pages.
    public func packages(
        _ query: PackageQuery = PackageQuery()
    ) async throws(StoreError) -> AsyncPull<[PackageListing]> {
        try await open().storage.packages(query)
    }
}

extension Storage {
    /// The records of a page of paths.
    func packages(at page: [PackagePath], includesDeleted: Bool) async -> [PackageListing] {
        zip(page, await readRecords(page.map(\.key))).compactMap { path, result in
            PackageListing(path, result, includesDeleted: includesDeleted)
        }
    }

    /// The paths that a query names, in key order, in pages of the backend's size.
    /// - Parameter passed: told of what may hide packages, a folder that cannot be read for one, which then does not
    ///   end the listing with an error.
    func paths(
        _ query: PackageQuery, passing passed: PassedOver? = nil
    ) -> AsyncPull<[PackagePath]> {
        let folders = PathFolders(query, in: self, wantsDetails: false, passing: passed)
        return AsyncPull { () throws(StoreError) in try await folders.next()?.map(\.path) }
    }

    /// The same, with what the listing tells of each record where that costs nothing.
    func listedPaths(
        _ query: PackageQuery, passing passed: PassedOver? = nil
    ) -> AsyncPull<[ListedPath]> {
        let folders = PathFolders(query, in: self, wantsDetails: !capabilities.atomicMove, passing: passed)
        return AsyncPull { () throws(StoreError) in try await folders.next() }
    }

    /// The packages that a query names, in key order, in pages, each with its record.
    /// - Parameter passed: as in ``paths(_:passing:)``.
    func packages(
        _ query: PackageQuery, passing passed: PassedOver? = nil
    ) -> AsyncPull<[PackageListing]> {
        let pages = listedPaths(query, passing: passed)
        let walk = RecordWalk(self, for: .reading)
        return AsyncPull { () throws(StoreError) in
            var iterator = pages.makeAsyncIterator()
            guard let page = try await iterator.next() else { return nil }
            return await walk.packages(at: page, includesDeleted: query.includesDeleted)
        }
    }
}

extension RecordWalk {
    /// The records of a page of paths.
    func packages(at paths: [ListedPath], includesDeleted: Bool) async -> [PackageListing] {
        zip(paths, await read(page(paths.map(\.record)))).compactMap { listed, result in
            PackageListing(listed.path, result, includesDeleted: includesDeleted)
        }
    }
}

extension PackageListing {
    /// Nil where nothing is to be listed.
    fileprivate init?(_ path: PackagePath, _ result: Result<Record?, StoreError>, includesDeleted: Bool) {
        do throws(StoreError) {
            guard let record = try result.get() else { return nil }
            let stored: Stored<PackageRecord> = try Stored(record, at: path.key)
            try stored.body.check(path)
            guard includesDeleted || stored.body.deleted == nil else { return nil }
            self = .package(stored.body)
        } catch {
            self = .unreadable(path, error)
        }
    }
}

extension OpenFeed {
    /// The records of a page of paths.
    package func read(_ page: [PackagePath], includesDeleted: Bool) async -> [PackageListing] {
        await storage.packages(at: page, includesDeleted: includesDeleted)
    }

    /// The paths that a query names, in key order, in pages of the backend's size.
    package func paths(_ query: PackageQuery) -> AsyncPull<[PackagePath]> { storage.paths(query) }
}

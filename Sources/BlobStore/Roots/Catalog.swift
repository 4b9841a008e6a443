/// The feed records of a server root.
///
///     <server root>/
///       root.json               who this root is
///       catalog/<feed>.json     feed records
///       cluster/nodes/…         heartbeats
///       cluster/leases/…        leases
///       feeds/<feed>/           the feed root of a feed without an override
package struct Catalog: Sendable {
    package let server: Root

    package init(_ server: Root) {
        self.server = server
    }

    package static let folder = KeyPrefix(trusted: "catalog/")

    package static func key(_ feed: FeedName) -> Key { Key(trusted: "catalog/\(feed).json") }

    /// Where a feed without an override has its root, from the server root.
    package static func place(_ feed: FeedName) -> KeyPrefix { KeyPrefix(trusted: "feeds/\(feed)/") }

    /// The record of a feed that this catalog is in charge of.
    /// - Throws: `notFound` when there is no such feed; `preconditionFailed` when another catalog has taken it over.
    package func feed(_ name: FeedName) async throws(StoreError) -> Stored<FeedRecord> {
        let stored = try await existing(name)
        try stored.body.expectInCharge()
        return stored
    }

    /// The record of a feed, whichever catalog is in charge of it.
    /// - Throws: `notFound` when there is none.
    package func existing(_ name: FeedName) async throws(StoreError) -> Stored<FeedRecord> {
        guard let stored = try await find(name) else { throw absence(name) }
        return stored
    }

    func absence(_ name: FeedName) -> StoreError {
        StoreError(
            .notFound, "there is no feed \"\(name)\" in \(server.url); create it with \"blobtool feed create \(name)\""
        ).under(.feedAbsent(name.text))
    }

    /// The record of a feed, whichever catalog is in charge of it; nil when there is none.
    /// - Throws: `corrupt` when the record is of another feed.
    package func find(_ name: FeedName) async throws(StoreError) -> Stored<FeedRecord>? {
        let stored: Stored<FeedRecord>? = try await server.storage.document(Self.key(name))
        if let stored, stored.body.feed != name {
            throw StoreError(.corrupt, "the record of feed \"\(name)\" names the feed \"\(stored.body.feed)\"")
                .during("readRecord", key: Self.key(name).text, root: server.url.description)
        }
        return stored
    }

    /// Replaces exactly what was read.
    /// - Throws: `preconditionFailed` when another changed the feed meanwhile.
    package func replace(
        _ stored: Stored<FeedRecord>, with record: FeedRecord
    ) async throws(StoreError) -> Stored<FeedRecord> {
        do throws(StoreError) {
            return try await server.storage.replace(Self.key(record.feed), stored, with: record)
        } catch  where error.code == .preconditionFailed {
            throw StoreError(
                .preconditionFailed,
                "the feed \"\(record.feed)\" was changed by another process meanwhile; look, and try again",
                cause: error.cause)
        }
    }

    /// Reads, changes and writes back, again while others win the race.
    /// - Parameter change: the new record, from the present one; nil to leave it.
    /// - Throws: `notFound`; `preconditionFailed` when another catalog has taken the feed over.
    package func update(
        _ name: FeedName, _ change: (FeedRecord) throws(StoreError) -> FeedRecord?
    ) async throws(StoreError) -> Stored<FeedRecord> {
        try await server.storage.update(Self.key(name), as: FeedRecord.self) { (record) throws(StoreError) in
            try record.expectInCharge()
            return try change(record)
        }
    }

    /// The names of all feeds, in order.
    package func names() -> AsyncPull<[FeedName]> {
        let pages = server.storage.list(ListRequest(Self.folder, isFlat: true))
        return AsyncPull { () throws(StoreError) in
            var iterator = pages.makeAsyncIterator()
            guard let page = try await iterator.next() else { return nil }
            var names: [FeedName] = []
            for case .key(let key, _) in page where key.isRecord {
                if let name = try? FeedName(String(key.name.dropLast(5))) { names.append(name) }
            }
            return names
        }
    }

    /// Where the root of a feed is: its override, else its place in the server root.
    package func location(_ record: FeedRecord) -> RootURL {
        record.root ?? server.url.appending(Self.place(record.feed))
    }
}

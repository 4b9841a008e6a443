/// Which root a feed resolves to, who said so, and whether that root is what it should be.
public struct Explanation: Sendable {
    /// Where a feed's root comes from.
    public enum Source: String, Sendable {
        case server, feed
    }

    /// The feed that was resolved.
    public let feed: FeedName
    /// Where its root is.
    public let root: RootURL
    /// Whether it is in the server root or in a root of its own.
    public let source: Source
    /// Which setting named that root.
    public let setBy: SettingSource
    /// The id that the catalog pins.
    public let expectedID: String
    /// The id that the root's marker carries; nil when no root could be opened there.
    public let foundID: String?
    /// Why it does not match, or could not be looked at.
    public let problem: StoreError?
    /// Where the feed's packages are being copied to.
    public let destination: RootURL?
    /// Where the feed was before, until that is deleted.
    public let formerRoots: [RootURL]

    /// Whether the root could be opened and carries the id that is expected of it.
    public var matches: Bool { problem == nil && expectedID == foundID }
}

extension PackageStore {
    /// Resolves a feed's root as every operation does, and says how.
    /// - Parameter serverSource: who named the server root.
    /// - Throws: `notFound` when there is no such feed.
    public func explain(_ name: FeedName, serverSource: SettingSource) async throws(StoreError) -> Explanation {
        let (store, record) = try await locate(name)
        guard store === self else { return try await store.explain(name, serverSource: serverSource) }
        let url = catalog.location(record)
        var found: String?
        var problem: StoreError?
        do throws(StoreError) {
            let storage = try await opener.open(url)
            do throws(StoreError) { found = try await Root.marker(in: storage)?.id } catch { problem = error }
            await storage.close()
            _ = try await roots.root(url, Root.Identity(.feed, feed: name, id: record.id))
        } catch {
            problem = problem ?? error
        }
        return Explanation(
            feed: name, root: url, source: record.root == nil ? .server : .feed,
            setBy: record.root == nil ? serverSource : .catalog,
            expectedID: record.id, foundID: found, problem: problem,
            destination: record.migration.map { place($0.root, of: name) },
            formerRoots: record.formerRoots.map { place($0.root, of: name) })
    }

    /// Where a root of a feed is that its record names.
    /// - Parameter root: nil for the feed's place in the server root.
    public func place(_ root: RootURL?, of feed: FeedName) -> RootURL {
        root ?? server.url.appending(Catalog.place(feed))
    }

    /// Where a feed's root is, by its record.
    public func location(_ record: FeedRecord) -> RootURL { catalog.location(record) }
}

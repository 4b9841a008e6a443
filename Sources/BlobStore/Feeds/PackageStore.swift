internal import Synchronization

/// A server root that is open: the feeds in it, wherever their own roots are.
///
/// Any number of nodes may have the same root open; what they must agree on stands in the root itself.
public final class PackageStore: Sendable {
    /// This node's name, as it signs what it writes.
    public let node: NodeName
    package let server: Root
    package let catalog: Catalog
    package let roots: RootCache
    package let opener: any StorageOpener
    let successors = Successors()
    private let waiting = Mutex(Duration.zero)

    package init(_ server: Root, node: NodeName, opener: any StorageOpener) {
        self.node = node
        self.server = server
        let opener = ServerOpener(base: opener, server: server.url)
        self.opener = opener
        catalog = Catalog(server)
        roots = RootCache(opener)
    }

    /// Opens a server root, or the one that took over all of its feeds: ``url`` says which.
    /// - Parameter rootID: the id that the root must carry, where it is pinned.
    /// - Throws: `wrongRoot` when there is none, or another.
    public static func open(
        _ url: RootURL, node: NodeName, rootID: String? = nil, with opener: any StorageOpener
    ) async throws(StoreError) -> PackageStore {
        PackageStore(try await serverInCharge(url, id: rootID, with: opener), node: node, opener: opener)
    }

    /// Makes a server root in an empty or missing directory, or opens the one that is there.
    /// - Returns: the store, and whether this call made the root.
    /// - Throws: `alreadyExists` when the place holds other things; `wrongRoot` when it is another root;
    ///   `invalidArgument` when it lies inside of one.
    public static func create(
        _ url: RootURL, node: NodeName, with opener: any StorageOpener
    ) async throws(StoreError) -> (store: PackageStore, isNew: Bool) {
        let url = try await opener.schemes.lasting(url)
        try await RootNesting(opener).refuse(opener.schemes.resolved(url))
        let (root, isNew) = try await Root.create(url, Root.Identity(.server), with: opener)
        return (PackageStore(root, node: node, opener: opener), isNew)
    }

    /// Where the server root is.
    public var url: RootURL { server.url }

    /// How long what writes waits for a migration that holds writers, before it fails with `migrating`; zero at first.
    ///
    /// A migration holds them while it copies what changed last, for a second or so. A dead one holds them until it is
    /// run again, so a wait has to end.
    public var waitForMigration: Duration {
        get { waiting.withLock { $0 } }
        set { waiting.withLock { $0 = newValue } }
    }

    /// The id of the server root, as its marker carries it.
    public var rootID: String { server.id }

    /// The format of the server root's marker.
    public var rootFormat: Int { Document<RootMarker>.format }

    /// What the server root's storage can promise.
    public var capabilities: Capabilities { server.storage.capabilities }

    /// A feed by name, as the catalog has it now.
    /// - Throws: `notFound` when there is no such feed; `invalidArgument` for a name that no feed can have.
    public func feed(_ name: String) async throws(StoreError) -> Feed {
        try await feed(FeedName(name))
    }

    /// A feed by name, as the catalog has it now.
    /// - Throws: `notFound` when there is no such feed.
    public func feed(_ name: FeedName) async throws(StoreError) -> Feed {
        Feed(name, in: try await locate(name).store, by: self)
    }

    /// The names of all feeds, in order, in pages.
    public func feeds() -> AsyncPull<[FeedName]> {
        let names = FeedNames(self)
        return AsyncPull { () async throws(StoreError) in try await names.next() }
    }

    /// Lets go of threads and descriptors of this store and its feeds.
    public func close() async {
        await successors.close()
        await roots.close()
        await server.storage.close()
    }
}

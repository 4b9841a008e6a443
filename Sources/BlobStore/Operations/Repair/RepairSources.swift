/// Where good copies may be found: the roots that were named, then the other feeds of the store.
struct RepairSources: Sendable {
    /// A feed's content, and how a person would name it.
    struct Source: Sendable {
        let name: String
        let storage: any Storage
        /// Whether it holds this very feed, so that its records may be taken too.
        let isSameFeed: Bool
    }

    let all: [Source]
    /// What was opened here, to be let go.
    private let opened: [any Storage]

    /// Opens the roots that were named.
    /// - Throws: `wrongRoot` when one is no root.
    static func open(_ urls: [RootURL], for feed: Feed) async throws(StoreError) -> RepairSources {
        var sources: [Source] = []
        var opened: [any Storage] = []
        for url in urls {
            let storage = try await feed.store.opener.open(url)
            opened.append(storage)
            guard let marker = try await Root.marker(in: storage) else {
                throw StoreError(.wrongRoot, "there is no root at \(url); \(Root.question(of: url))")
            }
            switch marker.kind {
            case .feed:
                sources.append(Source(name: url.description, storage: storage, isSameFeed: marker.feed == feed.name))
            case .server:
                let server = PackageStore(
                    Root(url: url, storage: storage, marker: marker), node: feed.store.node, opener: feed.store.opener)
                sources += try await feeds(of: server, except: nil, feed.name, &opened)
            }
        }
        sources += try await feeds(of: feed.store, except: feed.name, feed.name, &opened)
        return RepairSources(all: sources, opened: opened)
    }

    /// The feeds of a store; those whose root is not in its place are passed over, since they are only asked for help.
    private static func feeds(
        of store: PackageStore, except own: FeedName?, _ name: FeedName, _ opened: inout [any Storage]
    ) async throws(StoreError) -> [Source] {
        var sources: [Source] = []
        for try await page in store.feeds() {
            for feed in page where feed != own {
                guard let record = try await store.catalog.find(feed)?.body else { continue }
                let url = store.catalog.location(record)
                let identity = Root.Identity(.feed, feed: feed, id: record.id)
                guard let root = try? await Root.open(url, identity, with: store.opener) else { continue }
                opened.append(root.storage)
                sources.append(Source(name: url.description, storage: root.storage, isSameFeed: feed == name))
            }
        }
        // The same feed elsewhere is the likeliest to have it.
        return sources.filter(\.isSameFeed) + sources.filter { !$0.isSameFeed }
    }

    func close() async {
        for storage in opened { await storage.close() }
    }
}

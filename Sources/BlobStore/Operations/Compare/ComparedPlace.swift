internal import LocalFiles
internal import Synchronization

/// What stands at one side of a comparison.
enum ComparedPlace: Sendable {
    /// The packages of one feed.
    struct Packages: Sendable {
        /// As a person would name it.
        let name: String
        let id: String
        let storage: any Storage
    }

    case packages(Packages)
    case server(PackageStore)
    /// A directory of files.
    case tree(String)
}

/// Opens what is compared, and lets go of all of it at the end.
final class ComparedPlaces: Sendable {
    private let node: NodeName
    private let opener: any StorageOpener
    private let opened = Mutex<[any Storage]>([])

    init(node: NodeName, opener: any StorageOpener) {
        self.node = node
        self.opener = opener
    }

    func close() async {
        let all = opened.withLock { opened in
            defer { opened = [] }
            return opened
        }
        for storage in all { await storage.close() }
    }

    /// - Throws: `wrongRoot` when there is no root; what opening throws.
    func open(_ side: CompareOperation.Side) async throws(StoreError) -> ComparedPlace {
        switch side {
        case .feed(let feed):
            let open = try await feed.open()
            return .packages(.init(name: "the feed \"\(feed.name)\"", id: open.root.id, storage: open.storage))
        case .root(let url):
            guard let place = try await root(at: url) else {
                throw StoreError(.wrongRoot, "there is no root at \(url); \(Root.question(of: url))")
            }
            return place
        case .directory(let path, let url):
            guard try await LocalTree.isDirectory(path) else {
                throw StoreError(
                    .notFound, "\(path) is not a directory; name a feed, a root, or a directory of package files")
            }
            return try await root(at: url) ?? .tree(path)
        }
    }

    /// The root at a place; nil where there is none.
    private func root(at url: RootURL) async throws(StoreError) -> ComparedPlace? {
        let storage = try await opener.open(url)
        opened.withLock { $0.append(storage) }
        guard let marker = try await Root.marker(in: storage) else { return nil }
        let root = Root(url: url, storage: storage, marker: marker)
        return switch marker.kind {
        case .feed: .packages(.init(name: url.description, id: marker.id, storage: storage))
        case .server: .server(PackageStore(root, node: node, opener: opener))
        }
    }

}

extension PackageStore {
    /// Opens the root of a feed as this server root has it. Where another server root took the feed over, that is the
    /// one which was left behind, as long as it stands.
    func withRootAsItStands(
        of feed: FeedName, _ body: (Root) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let record = try await catalog.existing(feed).body
        let root: Root
        if record.state == .moved, let left = try await rootLeftBehind(by: feed) {
            root = left
        } else {
            root = try await Root.open(
                catalog.location(record), Root.Identity(.feed, feed: feed, id: record.id), with: opener)
        }
        do throws(StoreError) { try await body(root) } catch {
            await root.storage.close()
            throw error
        }
        await root.storage.close()
    }

    /// What the feed left in its place in the server root; nil where nothing is left.
    private func rootLeftBehind(by feed: FeedName) async throws(StoreError) -> Root? {
        let url = self.url.appending(Catalog.place(feed))
        let storage: any Storage
        do { storage = try await opener.open(url) } catch  where error.code == .notFound { return nil }
        do throws(StoreError) {
            if let marker = try await Root.marker(in: storage), marker.kind == .feed, marker.feed == feed {
                return Root(url: url, storage: storage, marker: marker)
            }
        } catch {
            await storage.close()
            throw error
        }
        await storage.close()
        return nil
    }
}

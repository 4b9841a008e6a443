import BlobBackends
import BlobStore
import Synchronization
import Testing

/// Opens memory storages by URL; the same URL is the same storage. What is below `/tmp/` is on the filesystem.
final class MemoryOpener: StorageOpener {
    private let places = Mutex<[RootURL: any Storage]>([:])
    private let filesystem = Backends(threads: 4)
    var schemes: StorageSchemes { filesystem.schemes }
    /// Whether the storages it makes are as buckets are.
    private let makesBuckets: Bool

    init(makesBuckets: Bool = false) {
        self.makesBuckets = makesBuckets
    }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        if Self.isOnFilesystem(url) { return try await filesystem.open(url, inside: outer) }
        guard let storage = places.withLock({ $0[url] }) else {
            throw StoreError(.notFound, "there is nothing at \(url)")
        }
        return storage
    }

    func create(_ url: RootURL, inside server: RootURL?) async throws(StoreError) -> any Storage {
        if Self.isOnFilesystem(url) { return try await filesystem.create(url, inside: server) }
        return places.withLock { places in
            if let known = places[url] { return known }
            let storage: any Storage = MemoryStorage(address: url.description, movesAtomically: !makesBuckets)
            places[url] = storage
            return storage
        }
    }

    private static func isOnFilesystem(_ url: RootURL) -> Bool {
        url.scheme == "file" && url.names.first == "tmp" && url.names.count > 1
    }

    /// Puts another storage in the place of one.
    func replace(_ url: RootURL, with storage: (any Storage)?) {
        places.withLock { $0[url] = storage }
    }

    subscript(_ url: RootURL) -> (any Storage)? { places.withLock { $0[url] } }
}

/// A store in memory, with what a test wants to do to it.
struct Bench {
    let opener: MemoryOpener
    let url: RootURL
    let store: PackageStore

    /// - Parameter onBuckets: whether its storages cannot move objects atomically.
    init(onBuckets: Bool = false) async throws {
        opener = MemoryOpener(makesBuckets: onBuckets)
        url = try RootURL("/memory/server")
        store = try await PackageStore.create(url, node: NodeName("tester"), with: opener).store
    }

    func feed(_ name: String = "npm", _ policy: FeedPolicy = FeedPolicy(), root: String? = nil) async throws -> Feed {
        _ = try await store.createFeed(FeedName(name), root: root.map { try RootURL($0) }, policy)
        return try await store.feed(name)
    }

    /// The store as another process would open it.
    func reopened(as node: String = "other") async throws -> PackageStore {
        try await PackageStore.open(url, node: NodeName(node), with: opener)
    }

    /// The storage beneath a feed.
    func storage(_ feed: Feed) async throws -> any Storage { try await feed.open().storage }
}

extension Feed {
    @discardableResult
    func publish(_ text: String, at path: String, by: String = "alice") async throws -> Published {
        try await publish(ObjectSource(Array(text.utf8)).read(), at: PackagePath(path), by: by)
    }

    /// The content at a path as text; nil when there is no package.
    func text(at path: String) async throws -> String? {
        guard let package = try await package(at: PackagePath(path)) else { return nil }
        return try await package.withContent { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    func listing(_ query: PackageQuery = PackageQuery()) async throws -> [String] {
        try await paths(query).flattened().map(\.text)
    }
}

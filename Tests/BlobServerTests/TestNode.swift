import BlobBackends
import BlobCluster
import BlobServer
import BlobStore
import BlobSystem
import Glibc
import Logging
import ObjectStorage
import TestSupport

/// A node of a store on this machine, for as long as a test needs it.
struct TestNode: Sendable {
    let port: Int
    let store: PackageStore
    let keys: APIKeys
    private let folder: TemporaryFolder

    /// Starts a node, and stops it after. Anybody may read its feeds `npm` (immutable) and `cache` (mutable). No job
    /// works on them unasked.
    static func with<Value: Sendable>(
        _ adjust: (inout NodeSettings) -> Void = { _ in }, report: @escaping @Sendable (AccessLine) -> Void = { _ in },
        _ body: @escaping @Sendable (TestNode) async throws -> Value
    ) async throws -> Value {
        let folder = TemporaryFolder()
        let url = try RootURL(folder.path + "/root")
        let store = try await PackageStore.create(url, node: NodeName("node-1"), with: Backends()).store
        _ = try await store.createFeed(FeedName("npm"), FeedPolicy(verifySeconds: 0))
        _ = try await store.createFeed(FeedName("cache"), FeedPolicy(mutable: true, verifySeconds: 0))
        var settings = NodeSettings(listen: try ListenAddress("127.0.0.1:0"), version: "test")
        settings.anonymous = .all
        settings.drain = .zero
        settings.limits.look = .milliseconds(100)
        adjust(&settings)
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let node = try await Node.open(store, settings, log: log, report: report)
        let value = try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await node.run()
                return nil
            }
            group.addTask {
                guard await eventually({ node.port != nil }) else { throw NoValue() }
                let test = TestNode(
                    port: node.port ?? 0, store: store, keys: APIKeys(store.server.storage), folder: folder)
                let result: Result<Value, any Error>
                do { result = .success(try await body(test)) } catch { result = .failure(error) }
                await node.stop()
                return try result.get()
            }
            var value: Value?
            for try await next in group { value = value ?? next }
            return value
        }
        await store.close()
        guard let value else { throw NoValue() }
        return value
    }

    /// A key for a scope, in all feeds.
    func key(_ scope: KeyRecord.Scope, in feed: String? = nil) async throws -> String {
        let grant = KeyRecord.Grant(scope, in: try feed.map { try FeedName($0) })
        return try await keys.create("ci", [grant], by: "test").token
    }

    /// Publishes something in the store, past the node.
    func publish(_ bytes: [UInt8], _ path: String, in feed: String = "npm") async throws {
        let chunks = AsyncStream<[UInt8]> { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
        _ = try await store.feed(feed).publish(chunks, at: try PackagePath(path), by: "test")
    }

    /// Sends a request on a connection of its own, and reads the answer.
    func request(
        _ method: String, _ target: String, fields: [String] = [], body: [UInt8]? = nil
    ) async throws -> RawAnswer {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + fields
        if let body { lines.append("Content-Length: \(body.count)") }
        let text = (lines + ["Connection: close", "", ""]).joined(separator: "\r\n")
        return try await RawSocket.talk(to: port) { socket in
            socket.send(text)
            socket.send(body ?? [])
            return try socket.answer(isHead: method == "HEAD")
        }
    }
}

struct NoValue: Error {}

// What stands on the disk.
extension TestNode {
    var rootPath: String { folder.path + "/root" }

    /// Files that were staged and not removed, of all feeds.
    func staged(below root: String) async throws -> [String] {
        var found: [String] = []
        for feed in ["npm", "cache"] { found += folder.names("root/feeds/\(feed)/staging") }
        return found
    }

    /// Changes the last byte of content.
    func damage(_ hex: String) throws {
        let path = "\(rootPath)/feeds/npm/blobs/sha256/\(hex.prefix(2))/\(hex)"
        chmod(path, 0o644)
        guard let file = fopen(path, "r+") else { throw NoValue() }
        fseek(file, -1, SEEK_END)
        fputc(255, file)
        fclose(file)
    }
}

import BlobBackends
import BlobCluster
import BlobStore
import Logging
import ObjectStorage
import TestSupport
import Testing

@testable import BlobServer

@Suite("A node's life")
struct LifecycleTests {
    @Test("nodes that let others read without a key, or take larger uploads, are told apart by what they run with")
    func fingerprint() throws {
        func fingerprint(_ listen: String, _ adjust: (inout NodeSettings) -> Void = { _ in }) throws -> String {
            var settings = NodeSettings(listen: try ListenAddress(listen), version: "test")
            adjust(&settings)
            return try settings.fingerprint()
        }
        let npm = try FeedName("npm")
        let usual = try fingerprint("10.0.0.1:80")
        #expect(try usual == fingerprint("10.0.0.2:8080") { $0.drain = .zero })
        #expect(try usual != fingerprint("127.0.0.1:80"))
        #expect(try usual != fingerprint("10.0.0.1:80") { $0.anonymous = .all })
        #expect(try usual != fingerprint("10.0.0.1:80") { $0.anonymous = .feeds([npm]) })
        #expect(try usual != fingerprint("10.0.0.1:80") { $0.uploadBytes = 1 })
    }

    @Test("it is live and ready while it serves, and tells people more")
    func health() async throws {
        try await TestNode.with { node in
            #expect(try await node.request("GET", "/health/live").status == 200)
            #expect(try await node.request("GET", "/health/ready").status == 200)
            let health = try await node.request("GET", "/health")
            #expect(health.status == 200)
            #expect(health.text.contains("\"state\":\"good\""))
            #expect(try await node.request("POST", "/health").status == 405)
        }
    }

    @Test("a node that stops says so first, still serves, lets a running upload end, and leaves the registry")
    func stopping() async throws {
        let folder = TemporaryFolder()
        let store = try await PackageStore.create(
            RootURL(folder.path + "/root"), node: NodeName("node-that-stops"), with: Backends()
        ).store
        _ = try await store.createFeed(FeedName("npm"))
        var settings = NodeSettings(listen: try ListenAddress("127.0.0.1:0"), version: "test")
        settings.drain = .seconds(2)
        let key = try await APIKeys(store.server.storage).create("ci", [.init(.publish)], by: "test").token
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let node = try await Node.open(store, settings, log: log)
        let running = Task { try await node.run() }
        #expect(await eventually { node.port != nil })
        let port = node.port ?? 0
        let registry = NodeRegistry(store.server.storage)
        #expect(try await eventually { try await registry.nodes().first?.state == .alive })
        let stopping = Task { await node.stop() }
        let upload = try await RawSocket.talk(to: port) { socket in
            socket.send(
                "PUT /feeds/npm/packages/a HTTP/1.1\r\nHost: a\r\nX-Api-Key: \(key)\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            _ = try socket.answer()
            // Meanwhile another connection sees that the node stops, and is served.
            try Self.awaitDraining(port)
            socket.send("abc")
            return try socket.answer()
        }
        #expect(upload.status == 201)
        #expect(upload.field("connection") == "close" && upload.field("x-node") == "node-that-stops")
        await stopping.value
        try await running.value
        #expect(try await registry.nodes().first?.state == .left)
        // Another test's node may listen on that port by now.
        let request = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let after = try? await RawSocket.talk(to: port) { socket in
            socket.send(request)
            return try socket.answer()
        }
        #expect(after?.field("x-node") != "node-that-stops")
        await store.close()
    }

    private static func awaitDraining(_ port: Int) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let text = try RawSocket.once(
                to: port, "GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            if text.hasPrefix("HTTP/1.1 503 ") && text.contains("draining") { return }
        }
        throw NoValue()
    }
}

import BlobCluster
import BlobServer
import BlobStore
import ObjectStorage
import Synchronization
import Testing

@Suite("A connection that costs more than it brings is closed")
struct PaceTests {
    private static func hurried(_ settings: inout NodeSettings) {
        settings.limits.head = .milliseconds(300)
        settings.limits.idle = .milliseconds(300)
        settings.limits.window = .seconds(1)
        settings.limits.bytesPerSecond = 1_000
        settings.limits.linger = .milliseconds(300)
    }

    @Test("an idle one, and one whose header does not end")
    func heads() async throws {
        try await TestNode.with(Self.hurried) { node in
            for text in ["", "GET / HTTP/1.1\r\nHo"] {
                let all = try await RawSocket.talk(to: node.port) { socket in
                    socket.send(text)
                    return try socket.rest()
                }
                #expect(all.isEmpty, "\(text)")
            }
        }
    }

    @Test("an upload that trickles in is answered 408, and publishes nothing")
    func body() async throws {
        try await TestNode.with(Self.hurried) { node in
            let key = try await node.key(.publish)
            let all = try await RawSocket.talk(to: node.port) { socket in
                socket.send(
                    "PUT /feeds/npm/packages/a HTTP/1.1\r\nHost: a\r\nX-Api-Key: \(key)\r\nContent-Length: 100000\r\n\r\nabc"
                )
                return String(decoding: try socket.rest(), as: UTF8.self)
            }
            #expect(all.hasPrefix("HTTP/1.1 408 "), "\(all)")
            #expect(try await node.request("GET", "/feeds/npm/packages/a").status == 404)
        }
    }

    @Test("a reader that takes nothing")
    func reader() async throws {
        let lines = Mutex<[AccessLine]>([])
        try await TestNode.with(Self.hurried, report: { line in lines.withLock { $0.append(line) } }) { node in
            try await node.publish([UInt8](repeating: 7, count: 32 << 20), "large")
            try await RawSocket.talk(to: node.port) { socket in
                socket.narrow()
                socket.send("GET /feeds/npm/packages/large HTTP/1.1\r\nHost: a\r\n\r\n")
                let deadline = ContinuousClock.now + .seconds(20)
                while lines.withLock({ $0.isEmpty }), ContinuousClock.now < deadline { yieldThread() }
            }
            let line = try #require(lines.withLock { $0.first })
            #expect(line.failure != nil)
            #expect(line.bytes < 32 << 20)
        }
    }

    @Test("the body of a refused upload is read to a bound only")
    func refused() async throws {
        try await TestNode.with(Self.hurried) { node in
            let (sent, answer) = try await RawSocket.talk(to: node.port) { socket in
                socket.send("PUT /feeds/npm/packages/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
                let answer = try socket.answer()
                var sent = 0
                let chunk = [UInt8](repeating: 0, count: 1 << 16)
                while sent < 200 << 20, socket.send(chunk) { sent += chunk.count }
                return (sent, answer)
            }
            #expect(answer.status == 401)
            #expect(answer.field("connection") == "close")
            #expect(sent < 100 << 20)
        }
    }
}

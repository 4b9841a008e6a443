import BlobCluster
import BlobServer
import BlobStore
import ObjectStorage
import Testing

@Suite("What one side may read as another request is refused")
struct FramingTests {
    /// What is sent, and what the only answer must be.
    private static let refused: [(name: String, text: String, status: Int)] = [
        ("an unknown transfer coding", get("Transfer-Encoding: xchunked"), 501),
        ("two transfer codings", get("Transfer-Encoding: gzip, chunked"), 501),
        ("chunked twice", get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
        ("a length and chunked", get("Content-Length: 5", "Transfer-Encoding: chunked"), 400),
        ("two lengths", get("Content-Length: 5", "Content-Length: 6"), 400),
        ("a length with a sign", get("Content-Length: +5"), 400),
        ("a space before the colon", get("Content-Length : 5"), 400),
        ("a folded line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", 400),
        ("a bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400),
        ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
        ("two hosts", get("Host: b"), 400),
        ("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("another host in the target", "GET http://b/health/live HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("an unknown expectation", get("Expect: 200-ok"), 417),
        ("no HTTP at all", "\u{16}\u{3}\u{1}\u{2}\u{0}", 400),
    ]

    private static func get(_ fields: String...) -> String {
        (["GET /health/live HTTP/1.1", "Host: a"] + fields + ["", ""]).joined(separator: "\r\n")
    }

    @Test("each is answered once, and the connection closes, whatever follows")
    func framing() async throws {
        try await TestNode.with { node in
            for (name, text, status) in Self.refused {
                let all = try await RawSocket.talk(to: node.port) { socket in
                    socket.send(text + "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
                    return String(decoding: try socket.rest(), as: UTF8.self)
                }
                #expect(all.hasPrefix("HTTP/1.1 \(status) "), "\(name): \(all)")
                #expect(all.split(separator: "HTTP/1.1 ").count == 1, "\(name): \(all)")
                #expect(all.lowercased().contains("connection: close"), "\(name): \(all)")
                #expect(all.lowercased().contains("x-node: node-1"), "\(name): \(all)")
            }
        }
    }

    @Test("an answer to this host in absolute form, and to HTTP/1.0 without a host, is given")
    func forms() async throws {
        try await TestNode.with { node in
            for text in [
                "GET http://a/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET /health/live HTTP/1.0\r\n\r\n",
            ] {
                let answer = try await RawSocket.talk(to: node.port) { socket in
                    socket.send(text)
                    return try socket.rest()
                }
                #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200 "), "\(text)")
            }
        }
    }

    @Test("a connection closes where the request says so in any case, and in HTTP/1.0")
    func closing() async throws {
        try await TestNode.with { node in
            for field in ["Connection: Close", "Connection: keep-alive, close", "Connection: CLOSE"] {
                let all = try await RawSocket.talk(to: node.port) { socket in
                    socket.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
                    return String(decoding: try socket.rest(), as: UTF8.self)
                }
                #expect(all.lowercased().contains("connection: close"), "\(field): \(all)")
            }
        }
    }

    @Test("requests that come in one piece are answered in order")
    func pipelining() async throws {
        try await TestNode.with { node in
            let ids = try await RawSocket.talk(to: node.port) { socket in
                for number in 0..<20 {
                    socket.send("GET /health/live HTTP/1.1\r\nHost: a\r\nX-Request-Id: r\(number)\r\n\r\n")
                }
                return try (0..<20).map { _ in try socket.answer().field("x-request-id") }
            }
            #expect(ids == (0..<20).map { "r\($0)" })
        }
    }

    @Test("a header of more than 16 KiB, or of more than 100 fields, is refused")
    func sizes() async throws {
        try await TestNode.with { node in
            let large = "X-A: " + String(repeating: "a", count: 17 << 10)
            let many = (0..<101).map { "X-\($0): a" }.joined(separator: "\r\n")
            let target = "/" + String(repeating: "a", count: 9 << 10)
            for (text, status) in [
                ("GET / HTTP/1.1\r\nHost: a\r\n\(large)\r\n\r\n", 431),
                ("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n\r\n", 431),
                ("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ] {
                let all = try await RawSocket.talk(to: node.port) { socket in
                    socket.send(text)
                    return String(decoding: try socket.rest(), as: UTF8.self)
                }
                #expect(all.hasPrefix("HTTP/1.1 \(status) "), "\(text.prefix(60)): \(all)")
            }
        }
    }

    @Test("what is no package path is refused, however it is written")
    func paths() async throws {
        try await TestNode.with { node in
            try await node.publish([1], "a/b")
            for path in [
                "a/../a/b", "a/%2e%2e/a/b", "a/%2E/b", "a%2fb", "a%2Fb", "a//b", "a/b%00", "a/%ff", "a/%zz", "./a/b",
            ] {
                let answer = try await node.request("GET", "/feeds/npm/packages/\(path)")
                #expect(answer.status == 400, "\(path)")
            }
            #expect(try await node.request("GET", "/feeds/npm/packages/a/b").status == 200)
            #expect(try await node.request("GET", "/feeds/npm/packages/a/%62").status == 200)
            // Decoded once, and not again.
            #expect(try await node.request("GET", "/feeds/npm/packages/a/%252e%252e/b").status == 404)
        }
    }
}

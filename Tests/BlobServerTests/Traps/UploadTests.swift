import BlobCluster
import BlobCrypto
import BlobServer
import BlobStore
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("Uploads over HTTP")
struct UploadTests {
    @Test("nothing is published, and nothing stays staged, where the client stops after any byte")
    func cutOff() async throws {
        try await TestNode.with { node in
            let key = try await node.key(.publish)
            let head = "PUT /feeds/npm/packages/a/b HTTP/1.1\r\nHost: a\r\nX-Api-Key: \(key)\r\n"
            for text in [
                head + "Content-Length: 10\r\n\r\n0123456789",
                head + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
            ] {
                let bytes = Array(text.utf8)
                for count in 0..<bytes.count {
                    for isHalf in [false, true] {
                        try await RawSocket.talk(to: node.port) { socket in
                            socket.send(Array(bytes[..<count]))
                            if isHalf {
                                socket.finish()
                                _ = try socket.rest()
                            }
                        }
                    }
                }
                let lookup = try await node.store.feed("npm").package(at: PackagePath("a/b"))
                #expect(lookup == nil)
            }
            let root = node.rootPath
            #expect(try await eventually { try await node.staged(below: root).isEmpty })
        }
    }

    @Test("a client that waits for leave is authorised first, and then invited")
    func expectation() async throws {
        try await TestNode.with { node in
            let key = try await node.key(.publish)
            let head = "PUT /feeds/npm/packages/a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
            let refusal = try await RawSocket.talk(to: node.port) { socket in
                socket.send(head + "\r\n")
                return String(decoding: try socket.rest(), as: UTF8.self)
            }
            #expect(refusal.hasPrefix("HTTP/1.1 401 "), "\(refusal)")
            let statuses = try await RawSocket.talk(to: node.port) { socket in
                socket.send(head + "X-Api-Key: \(key)\r\n\r\n")
                let invitation = try socket.answer()
                socket.send("abc")
                return [invitation.status, try socket.answer().status]
            }
            #expect(statuses == [100, 201])
        }
    }

    @Test("every digest that a client states is verified")
    func digests() async throws {
        try await TestNode.with { node in
            let key = "X-Api-Key: \(try await node.key(.publish))"
            let body = Array("hello".utf8)
            func base64(_ function: HashFunction, _ bytes: [UInt8]) -> String {
                var hasher = BlobCrypto.Hasher(function)
                hasher.update(bytes)
                return Data(hasher.finish() ?? []).base64EncodedString()
            }
            func fields(_ bytes: [UInt8]) -> [String] {
                [
                    "Content-Digest: sha-256=:\(base64(.sha256, bytes)):",
                    "Repr-Digest: sha-512=:\(base64(.sha512, bytes)):",
                    "Content-MD5: \(base64(.md5, bytes))",
                    "X-Checksum-Sha256: \(BlobCrypto.Hasher.hex(.sha256, of: bytes) ?? "")",
                ]
            }
            for (index, field) in fields(Array("other".utf8)).enumerated() {
                let answer = try await node.request(
                    "PUT", "/feeds/npm/packages/a\(index)", fields: [key, field], body: body)
                #expect(answer.status == 422, "\(field): \(answer.head)")
            }
            let good = try await node.request("PUT", "/feeds/npm/packages/a", fields: [key] + fields(body), body: body)
            #expect(good.status == 201)
            for field in ["Content-Digest: sha-256=abc", "Content-MD5: AAAA", "X-Checksum-Sha256: 12"] {
                let answer = try await node.request("PUT", "/feeds/npm/packages/b", fields: [key, field], body: body)
                #expect(answer.status == 400, "\(field)")
            }
        }
    }

    @Test("the status tells what became of it")
    func statuses() async throws {
        try await TestNode.with({ $0.uploadBytes = 100 }) { node in
            let key = "X-Api-Key: \(try await node.key(.publish))"
            func put(_ path: String, _ text: String, _ fields: String...) async throws -> Int {
                try await node.request(
                    "PUT", "/feeds/\(path)", fields: [key] + fields, body: Array(text.utf8)
                ).status
            }
            #expect(try await put("npm/packages/a", "one") == 201)
            #expect(try await put("npm/packages/a", "one") == 200)
            #expect(try await put("npm/packages/a", "two") == 409)
            #expect(try await put("npm/packages/a", "one", "If-None-Match: *") == 412)
            #expect(try await put("npm/packages/b", "one", "If-Match: *") == 412)
            #expect(try await put("cache/packages/a", "one") == 201)
            #expect(try await put("cache/packages/a", "two") == 204)
            #expect(try await put("none/packages/a", "one") == 404)
            #expect(try await put("npm/packages/c", "one", "Content-Encoding: gzip") == 415)
            #expect(try await put("npm/packages/c", "one", "Content-Range: bytes 0-2/9") == 400)
            #expect(try await put("npm/packages/c", String(repeating: "a", count: 101)) == 413)
        }
    }

    @Test("of uploads that race on the same condition one takes place")
    func races() async throws {
        try await TestNode.with { node in
            let key = "X-Api-Key: \(try await node.key(.publish))"
            @Sendable func put(_ text: String, _ condition: String) async throws -> RawAnswer {
                try await node.request(
                    "PUT", "/feeds/cache/packages/a", fields: [key, condition], body: Array(text.utf8))
            }
            let first = try await put("first", "If-None-Match: *")
            #expect(first.status == 201)
            let tag = first.field("etag") ?? ""
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 { group.addTask { try await put("\(number)", "If-Match: \(tag)").status } }
                var statuses: [Int] = []
                for try await status in group { statuses.append(status) }
                return statuses.sorted()
            }
            #expect(statuses == [204] + [Int](repeating: 412, count: 7))
        }
    }

    @Test("an upload in chunks has the same bound")
    func chunkedBound() async throws {
        try await TestNode.with({ $0.uploadBytes = 4 }) { node in
            let key = try await node.key(.publish)
            let answer = try await RawSocket.talk(to: node.port) { socket in
                socket.send(
                    "PUT /feeds/npm/packages/a HTTP/1.1\r\nHost: a\r\nX-Api-Key: \(key)\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                socket.send("5\r\n01234\r\n0\r\n\r\n")
                return try socket.answer()
            }
            #expect(answer.status == 413)
        }
    }
}

import BlobCluster
import BlobCrypto
import BlobServer
import BlobStore
import FoundationEssentials
import ObjectStorage
import Testing

@Suite("Reading over HTTP")
struct ReadingTests {
    private static let content = Array("0123456789".utf8)

    @Test("a package comes with what clients and caches need to know")
    func whole() async throws {
        try await TestNode.with { node in
            try await node.publish(Self.content, "a/b.tgz")
            let answer = try await node.request("GET", "/feeds/npm/packages/a/b.tgz")
            let hex = BlobCrypto.Hasher.hex(.sha256, of: Self.content) ?? ""
            #expect(answer.status == 200)
            #expect(answer.body == Self.content)
            #expect(answer.field("etag") == "\"sha256:\(hex)\"")
            #expect(answer.field("repr-digest")?.hasPrefix("sha-256=:") == true)
            #expect(answer.field("accept-ranges") == "bytes")
            #expect(answer.field("cache-control") == "public, max-age=31536000, immutable")
            #expect(answer.field("last-modified")?.hasSuffix(" GMT") == true)
            #expect(answer.field("date")?.hasSuffix(" GMT") == true)
            #expect(answer.field("x-node") == "node-1")
            #expect(answer.field("x-request-id") != nil)
            let head = try await node.request("HEAD", "/feeds/npm/packages/a/b.tgz")
            #expect(head.status == 200)
            #expect(head.field("content-length") == "10")
            let blob = try await node.request("GET", "/feeds/npm/blobs/sha256/\(hex)")
            #expect(blob.body == Self.content)
            #expect(try await node.request("GET", "/feeds/npm/blobs/sha256/\(hex.uppercased())").status == 400)
        }
    }

    @Test(
        "ranges",
        arguments: [
            ("bytes=0-3", 206, "0123"), ("bytes=4-", 206, "456789"), ("bytes=-2", 206, "89"), ("bytes=8-99", 206, "89"),
            ("bytes=-99", 206, "0123456789"), ("bytes=10-", 416, nil), ("bytes=-0", 416, nil),
            ("bytes=0-1,3-4", 200, "0123456789"), ("bytes=3-1", 200, "0123456789"), ("lines=1-2", 200, "0123456789"),
            ("bytes=a-b", 200, "0123456789"), ("bytes=99999999999999999999-", 416, nil),
        ])
    func ranges(_ range: String, _ status: Int, _ text: String?) async throws {
        try await TestNode.with { node in
            try await node.publish(Self.content, "a")
            let answer = try await node.request("GET", "/feeds/npm/packages/a", fields: ["Range: \(range)"])
            #expect(answer.status == status)
            if let text { #expect(answer.text == text) } else { #expect(answer.field("content-range") == "bytes */10") }
        }
    }

    @Test("conditions")
    func conditions() async throws {
        try await TestNode.with { node in
            try await node.publish(Self.content, "a")
            let first = try await node.request("GET", "/feeds/npm/packages/a")
            let tag = first.field("etag") ?? ""
            let date = first.field("last-modified") ?? ""
            func status(_ fields: String...) async throws -> Int {
                try await node.request("GET", "/feeds/npm/packages/a", fields: fields).status
            }
            #expect(try await status("If-None-Match: \(tag)") == 304)
            #expect(try await status("If-None-Match: \"x\", W/\(tag)") == 304)
            #expect(try await status("If-None-Match: \"x\"") == 200)
            #expect(try await status("If-Modified-Since: \(date)") == 304)
            #expect(try await status("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT") == 200)
            #expect(try await status("If-Match: \"x\"") == 412)
            #expect(try await status("If-Match: \(tag)") == 200)
            #expect(try await status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT") == 412)
            #expect(try await status("Range: bytes=0-1", "If-Range: \(tag)") == 206)
            #expect(try await status("Range: bytes=0-1", "If-Range: \"x\"") == 200)
        }
    }

    @Test("what is not there is 404, and what was deleted 410")
    func absent() async throws {
        try await TestNode.with { node in
            try await node.publish(Self.content, "a")
            let manage = "Authorization: Bearer \(try await node.key(.manage))"
            #expect(try await node.request("GET", "/feeds/npm/packages/b").status == 404)
            #expect(try await node.request("GET", "/feeds/none/packages/b").status == 404)
            #expect(try await node.request("GET", "/nothing").status == 404)
            #expect(
                try await node.request("DELETE", "/feeds/npm/packages/a", fields: [manage, "If-Match: \"x\""]).status
                    == 412)
            #expect(try await node.request("DELETE", "/feeds/npm/packages/a", fields: [manage]).status == 204)
            #expect(try await node.request("DELETE", "/feeds/npm/packages/a", fields: [manage]).status == 404)
            let gone = try await node.request("GET", "/feeds/npm/packages/a")
            #expect(gone.status == 410)
            #expect(gone.field("content-type") == "application/problem+json")
            #expect(gone.text.contains("\"code\":\"notFound\""))
        }
    }

    @Test("damaged content is an error while that can be said, and breaks off before its last piece after that")
    func damaged() async throws {
        try await TestNode.with { node in
            let large = [UInt8](repeating: 9, count: 3 << 20)
            for (path, bytes) in [("small", Self.content), ("large", large)] {
                try await node.publish(bytes, path)
                try node.damage(BlobCrypto.Hasher.hex(.sha256, of: bytes) ?? "")
            }
            #expect(try await node.request("GET", "/feeds/npm/packages/small").status == 500)
            let received = try await RawSocket.talk(to: node.port) { socket in
                socket.send("GET /feeds/npm/packages/large HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.rest().count
            }
            #expect(received > 1 << 20)
            #expect(received < large.count)
        }
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    @Test("an API key is needed where anonymous reading is off, and works in each field that clients use")
    func keys() async throws {
        try await TestNode.with({ $0.anonymous = .feeds([]) }) { node in
            try await node.publish(Self.content, "a")
            let read = try await node.key(.read)
            let other = try await node.key(.read, in: "cache")
            let basic = Self.base64("user:\(read)")
            func status(_ fields: String...) async throws -> Int {
                try await node.request("GET", "/feeds/npm/packages/a", fields: fields).status
            }
            #expect(try await status() == 401)
            #expect(try await status("Authorization: Bearer \(read)") == 200)
            #expect(try await status("Authorization: Basic \(basic)") == 200)
            #expect(try await status("X-Api-Key: \(read)") == 200)
            #expect(try await status("X-NuGet-ApiKey: \(read)") == 200)
            #expect(try await status("Authorization: Bearer \(read)0") == 401)
            #expect(try await status("Authorization: Digest a") == 401)
            #expect(try await status("X-Api-Key: \(other)") == 403)
            let put = try await node.request("PUT", "/feeds/npm/packages/b", fields: ["X-Api-Key: \(read)"], body: [1])
            #expect(put.status == 403)
            let answer = try await node.request("GET", "/feeds/npm/packages/a", fields: ["X-Api-Key: \(read)"])
            #expect(answer.field("cache-control")?.hasPrefix("private") == true)
        }
    }
}

import BlobCluster
import BlobServer
import BlobStore
import ObjectStorage
import TestSupport
import Testing

@Suite("What a feed's rules mean over HTTP")
struct RuleTests {
    @Test("a feed that is open to anybody is read without a key, and written with one alone")
    func anonymous() async throws {
        try await TestNode.with({ $0.anonymous = .feeds([]) }) { node in
            try await node.publish([1], "a")
            let target = "/feeds/npm/packages/a"
            #expect(try await node.request("GET", target).status == 401)
            _ = try await node.store.updateFeed(FeedName("npm"), FeedPolicy(anonymousRead: true))
            #expect(try await eventually { try await node.request("GET", target).status == 200 })
            #expect(try await node.request("GET", target).field("cache-control")?.hasPrefix("public") == true)
            #expect(try await node.request("GET", "/feeds").text == "{\"feeds\":[\"npm\"]}\n")
            #expect(try await node.request("PUT", target, body: [1]).status == 401)
            #expect(try await node.request("GET", "/feeds/cache/packages/a").status == 401)
            #expect(try await node.request("GET", "/feeds/none/packages/a").status == 401)
            _ = try await node.store.updateFeed(FeedName("npm"), FeedPolicy(anonymousRead: false))
            #expect(try await eventually { try await node.request("GET", target).status == 401 })
        }
    }

    @Test("what may be replaced is replaced, and no cache keeps it")
    func replaceable() async throws {
        try await TestNode.with { node in
            let rule = FeedPolicy(replaceable: [try PathPattern("**/index")])
            _ = try await node.store.updateFeed(FeedName("npm"), rule)
            let key = "X-Api-Key: \(try await node.key(.publish))"
            func put(_ path: String, _ byte: UInt8) async throws -> Int {
                try await node.request("PUT", "/feeds/npm/packages/\(path)", fields: [key], body: [byte]).status
            }
            #expect(try await put("a/index", 1) == 201)
            #expect(try await put("a/index", 2) == 204)
            #expect(try await put("a/other", 1) == 201)
            #expect(try await put("a/other", 2) == 409)
            let index = try await node.request("GET", "/feeds/npm/packages/a/index")
            #expect(index.body == [2] && index.field("cache-control") == "public, no-cache")
            let other = try await node.request("GET", "/feeds/npm/packages/a/other")
            #expect(other.field("cache-control")?.hasSuffix("immutable") == true)
        }
    }
}

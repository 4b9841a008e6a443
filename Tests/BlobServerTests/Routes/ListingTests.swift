import BlobCluster
import BlobServer
import BlobStore
import ObjectStorage
import Testing

@Suite("Listings and pages over HTTP")
struct ListingTests {
    @Test("one level comes in pages, as JSON or HTML, and names are escaped")
    func levels() async throws {
        try await TestNode.with { node in
            for path in ["a/1.tgz", "a/2.tgz", "b", "<i>&amp;.tgz"] { try await node.publish([1], path) }
            let base = "/feeds/npm/packages/"
            let first = try await node.request("GET", base + "?format=json&limit=2")
            #expect(first.status == 200)
            #expect(first.text.contains("\"next\":"))
            let all = try await node.request("GET", base, fields: ["Accept: application/json"])
            #expect(all.text.contains("{\"isFolder\":true,\"name\":\"a\"}"))
            #expect(all.text.contains("\"name\":\"b\""))
            #expect(!all.text.contains("1.tgz"))
            #expect(try await node.request("GET", base + "a/?format=json").text.contains("\"name\":\"2.tgz\""))
            #expect(try await node.request("GET", base + "none/").status == 404)
            #expect(try await node.request("GET", base + "?limit=0").status == 400)
            let page = try await node.request("GET", base)
            #expect(page.field("content-type") == "text/html; charset=utf-8")
            #expect(page.text.contains("&lt;i&gt;&amp;amp;.tgz"))
            #expect(!page.text.contains("<i>"))
        }
    }

    @Test("what is below a folder comes in pages, and is searched by how its path begins")
    func recursive() async throws {
        try await TestNode.with { node in
            for path in ["a/b/1", "a/b/2", "a/c", "d", "\u{e9}/\u{e4}"] { try await node.publish([1], path) }
            _ = try await node.store.feed("npm").remove(PackagePath("a/b/2"), by: "test")
            func names(_ target: String) async throws -> String {
                let text = try await node.request("GET", "/feeds/npm/packages/" + target).text
                let parts = text.split(separator: "\"name\":\"").dropFirst()
                return parts.map { $0.prefix { $0 != "\"" } }.joined(separator: " ")
            }
            #expect(try await names("?format=json&recursive=1") == "\u{e9}/\u{e4} a/b/1 a/c d")
            #expect(try await names("a/?format=json&recursive=1") == "b/1 c")
            #expect(try await names("a/?format=json&recursive=1&after=b/1") == "c")
            #expect(try await names("?format=json&prefix=a/b") == "a/b/1")
            #expect(try await names("a/?format=json&prefix=c") == "c")
            #expect(try await names("a/?format=json&prefix=x") == "")
            #expect(try await node.request("GET", "/feeds/npm/packages/none/?recursive=1").status == 404)
            #expect(try await node.request("GET", "/feeds/npm/packages/?recursive=1&after=../x").status == 400)
            let first = try await node.request("GET", "/feeds/npm/packages/?recursive=1&limit=2&format=json")
            #expect(first.text.contains("\"next\":\"a/b/1\""))
            let page = try await node.request("GET", "/feeds/npm/packages/?prefix=%22%3E%3Cb%3E")
            #expect(page.text.contains("value=\"&quot;&gt;&lt;b&gt;\""))
            let found = try await node.request("GET", "/feeds/npm/packages/?prefix=a&limit=1")
            #expect(found.text.contains("<a href=\"./a/b/1\">a/b/1</a>"))
            #expect(found.text.contains("?prefix=a&amp;limit=1&amp;after="))
        }
    }

    @Test("an error is a page for browsers, and a document for programs")
    func errors() async throws {
        try await TestNode.with { node in
            let target = "/feeds/npm/packages/%3Cb%3E"
            let accept = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
            let page = try await node.request("GET", target, fields: [accept])
            #expect(page.status == 404 && page.field("content-type") == "text/html; charset=utf-8")
            #expect(page.text.contains("<h1>404 Not Found</h1>") && page.text.contains("&lt;b&gt;"))
            #expect(!page.text.contains("<b>"))
            let refused = try await node.request("PUT", target, fields: [accept], body: [])
            #expect(refused.status == 401 && refused.field("www-authenticate")?.isEmpty == false)
            let document = try await node.request("GET", target, fields: ["Accept: */*"])
            #expect(document.field("content-type") == "application/problem+json")
        }
    }

    @Test("feeds, the cluster and metrics are shown to who may see them")
    func pages() async throws {
        try await TestNode.with({ $0.anonymous = .feeds([]) }) { node in
            let read = "X-Api-Key: \(try await node.key(.read, in: "npm"))"
            let manage = "X-Api-Key: \(try await node.key(.manage))"
            #expect(try await node.request("GET", "/feeds").text == "{\"feeds\":[]}\n")
            #expect(try await node.request("GET", "/feeds", fields: [read]).text == "{\"feeds\":[\"npm\"]}\n")
            #expect(try await node.request("GET", "/", fields: [manage]).text.contains("/feeds/cache/packages/"))
            for target in ["/cluster", "/cluster.json", "/metrics", "/health"] {
                #expect(try await node.request("GET", target).status == 401, "\(target)")
                #expect(try await node.request("GET", target, fields: [read]).status == 403, "\(target)")
                #expect(try await node.request("GET", target, fields: [manage]).status == 200, "\(target)")
            }
            let job = try await JobBoard(of: node.store).submit(
                CheckRunner(node.store), CheckRunner.arguments(FeedName("npm"), .all), by: "<i>alice</i>")
            let overview = try await node.request("GET", "/cluster.json", fields: [manage]).text
            #expect(overview.contains("\"id\":\"\(job.id)\"") && overview.contains("\"shards\":17"))
            #expect(overview.contains("\"collects\":false,\"name\":\"npm\",\"retain\":[],\"root\":\"file://"))
            let page = try await node.request("GET", "/cluster", fields: [manage]).text
            #expect(
                page.contains(">\(job.id)</td>") && page.contains("<td data-name=\"Feed\">npm</td>")
                    && !page.contains("<i>"))
            let remove = "/cluster/nodes/node-1/remove"
            #expect(try await node.request("POST", remove, fields: [read], body: []).status == 403)
            #expect(try await node.request("POST", remove, fields: [manage], body: []).status == 409)
        }
    }
}

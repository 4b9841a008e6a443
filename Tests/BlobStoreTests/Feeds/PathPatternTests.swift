import BlobStore
import ObjectStorage
import Testing

@Suite("Patterns of package paths")
struct PathPatternTests {
    @Test(
        "a star stays within a segment, and two go across",
        arguments: [
            ("a", "a", true), ("a", "b", false), ("a", "a/b", false), ("*", "a", true), ("*", "a/b", false),
            ("a*c", "abbc", true), ("a*c", "ac", true), ("a*b*c", "aXbYbZc", true), ("a*c", "ab", false),
            ("**", "a/b/c", true), ("**/x", "x", true), ("**/x", "a/b/x", true), ("**/x", "a/x/b", false),
            ("a/**", "a", true), ("a/**", "a/b/c", true), ("a/**/c", "a/c", true), ("a/**/b/**/c", "a/b/x/b/c", true),
            ("a/**/b/*", "a/x/b", false), ("[a]?", "[a]?", true), ("a?", "ab", false), ("é*", "éa", true),
        ])
    func matching(_ pattern: String, _ path: String, _ isFit: Bool) throws {
        #expect(try PathPattern(pattern).matches(PackagePath(path)) == isFit, "\(pattern) and \(path)")
    }

    @Test("what fits no path is refused", arguments: ["", "/a", "a/", "a//b", ".", "a/./b"])
    func flaws(_ text: String) {
        #expect(throws: StoreError.self) { try PathPattern(text) }
    }

    @Test("many stars take no time that grows without bound")
    func stars() throws {
        let pattern = try PathPattern(String(repeating: "a*", count: 60) + "b")
        #expect(try !pattern.matches(PackagePath(String(repeating: "a", count: 200))))
    }

    @Test("other content may replace what is published where a pattern fits, and nowhere else")
    func replacing() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let rule = FeedPolicy(replaceable: [try PathPattern("dists/**")])
        #expect(try await bench.store.updateFeed(feed.name, rule).epoch == 2)
        for path in try [PackagePath("dists/a/Release"), PackagePath("pool/a")] {
            _ = try await feed.publish(ObjectSource([1]), at: path, PublicationDetails(by: "alice"))
        }
        let path = try PackagePath("dists/a/Release")
        let handles = FeedHandles(bench.store)
        let before = try await handles.package(at: path, in: feed.name)
        let replaced = try await feed.publish(ObjectSource([2]), at: path, PublicationDetails(by: "bob"))
        #expect(replaced.outcome == .replaced)
        #expect(try await handles.package(at: path, in: feed.name)?.digest == replaced.digest)
        #expect(before?.digest != replaced.digest)
        await #expect(throws: StoreError.self) {
            _ = try await feed.publish(
                ObjectSource([2]), at: PackagePath("pool/a"), PublicationDetails(by: "bob"))
        }
    }
}

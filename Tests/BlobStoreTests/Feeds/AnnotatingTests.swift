import TestSupport
import Testing

@testable import BlobStore

@Suite("Annotations") struct AnnotatingTests {
    @Test(
        "they change without a publication, also in an immutable feed: content and history stay, the revision does not")
    func change() async throws {
        let feed = try await Bench().feed()
        let path = try PackagePath("a")
        let done = try await feed.publish("one", at: "a")
        let before = try #require(try await feed.package(at: path))
        let (record, revision) = try await feed.annotate(path, if: .digest(done.digest)) { $0["tag"] = "latest" }
        let after = try #require(try await feed.package(at: path))
        #expect(after.record.annotations == ["tag": "latest"] && after.record == record)
        #expect(after.revision == revision && revision != before.revision)
        #expect(after.digest == before.digest && after.record.published == before.record.published)
        #expect(try await feed.log(path).count == 1)
        #expect(try await feed.annotate(path) { $0["tag"] = "latest" }.revision == revision, "nothing has changed")
        #expect(try await feed.annotate(path) { $0["tag"] = nil }.record.annotations == nil)
        #expect(try await feed.publish("one", at: "a").outcome == .unchanged)
    }

    @Test("a condition that is not met, a deleted package and one that never was are refused, and too much is, too")
    func refusals() async throws {
        let feed = try await Bench().feed()
        let path = try PackagePath("a")
        await expectError(.notFound) { try await feed.annotate(path) { $0["k"] = "v" } }
        try await feed.publish("one", at: "a")
        await expectError(.preconditionFailed) { try await feed.annotate(path, if: .absent) { $0["k"] = "v" } }
        await expectError(.preconditionFailed) { try await feed.annotate(path, if: .revision("x")) { $0["k"] = "v" } }
        await expectError(.invalidArgument) {
            try await feed.annotate(path) { $0["k"] = String(repeating: "v", count: Record.maximumBytes) }
        }
        #expect(try await feed.package(at: path)?.record.annotations == nil)
        try await feed.remove(path, by: "bob")
        await expectError(.notFound) { try await feed.annotate(path) { $0["k"] = "v" } }
    }

    @Test("of those who annotate at the same time nobody's word is lost, and all of it goes along when the feed moves")
    func race() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let path = try PackagePath("a")
        try await feed.publish("one", at: "a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask { _ = try await feed.annotate(path) { $0["\(number)"] = "here" } }
            }
            try await group.waitForAll()
        }
        _ = try await MigrateOperation(feed, .init(by: "mover")) { _ in }.run(to: RootURL("/memory/next"))
        #expect(try await feed.package(at: path)?.record.annotations?.count == 16)
        try await feed.annotate(path) { $0["more"] = "here" }
        _ = try await MigrateOperation(feed, .init(by: "mover")) { _ in }.run(to: nil)
        #expect(try await feed.package(at: path)?.record.annotations?.count == 17)
    }
}

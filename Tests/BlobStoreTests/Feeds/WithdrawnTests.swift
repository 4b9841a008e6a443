import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("Whoever was stopped for days between the record and the last look at the content")
struct WithdrawnTests {
    /// A feed whose next publication is held up after its record is written: a collector takes the content meanwhile,
    /// and what was staged.
    private static func heldUp(
        _ bench: Bench, _ policy: FeedPolicy = FeedPolicy(), at path: String, losing text: String
    ) async throws -> (held: Feed, free: Feed) {
        let feed = try await bench.feed("npm", policy, root: "/memory/npm")
        // A collector is at work, so publishers look at their content again.
        _ = try await FeedGate(feed.open()).takeOver()
        let inner = try await bench.storage(feed)
        let blob = try FeedLayout.blob(Digest(of: Array(text.utf8)))
        let key = try PackagePath(path).key.text
        let isWritten = Mutex(false)
        let plan = FaultPlan { operation, name, _ in
            if operation == .writeRecord && name == key { isWritten.withLock { $0 = true } }
            guard operation == .statObject && name == blob.text && isWritten.withLock({ $0 }) else { return nil }
            return .late {
                _ = try? await inner.removeObject(blob)
                for upload in (try? await inner.uploadsInFlight().flattened()) ?? [] {
                    try? await inner.discardUpload(upload)
                }
            }
        }
        try bench.opener.replace(RootURL("/memory/npm"), with: FaultStorage(inner, plan: plan))
        let held = try await bench.reopened().feed("npm")
        return (held, feed)
    }

    @Test("leaves no record that names nothing: a new one becomes a tombstone")
    func created() async throws {
        let bench = try await Bench()
        let (held, free) = try await Self.heldUp(bench, at: "a", losing: "one")
        await #expect(throws: StoreError.self) { try await held.publish("one", at: "a") }
        #expect(try await free.open().package(PackagePath("a"))?.body.deleted != nil)
        #expect(try await free.flaws() == [])
        #expect(try await free.publish("other", at: "a").outcome == .created)
    }

    @Test("puts back what the record was written over")
    func replaced() async throws {
        let bench = try await Bench()
        let (held, free) = try await Self.heldUp(bench, FeedPolicy(mutable: true), at: "a", losing: "two")
        try await free.publish("one", at: "a")
        await #expect(throws: StoreError.self) { try await held.publish("two", at: "a") }
        #expect(try await free.text(at: "a") == "one")
        #expect(try await free.flaws() == [])
    }

    @Test("leaves a record alone that another wrote")
    func unchanged() async throws {
        let bench = try await Bench()
        let (held, free) = try await Self.heldUp(bench, at: "b", losing: "one")
        try await free.publish("one", at: "a")
        await #expect(throws: StoreError.self) { try await held.publish("one", at: "b") }
        #expect(try await free.open().package(PackagePath("a"))?.body.deleted == nil)
        #expect(try await free.open().package(PackagePath("b"))?.body.deleted != nil)
    }

    @Test("restoring puts the tombstone back")
    func restored() async throws {
        let bench = try await Bench()
        let (held, free) = try await Self.heldUp(bench, at: "a", losing: "one")
        try await free.publish("one", at: "a")
        try await free.remove(PackagePath("a"), by: "bob")
        await expectError(.notFound) { try await held.restore(PackagePath("a"), by: "carol") }
        #expect(try await free.open().package(PackagePath("a"))?.body.deleted?.by == "bob")
    }
}

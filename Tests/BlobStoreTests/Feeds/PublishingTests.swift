import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite struct PublishingTests {
    @Test("what is published is read back, by any handle")
    func publishAndRead() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let done = try await feed.publish("hello", at: "left-pad/1.0.0/left-pad-1.0.0.tgz")
        #expect(done.outcome == .created)
        #expect(done.size == 5)
        #expect(try await bench.store.feed("npm").text(at: "left-pad/1.0.0/left-pad-1.0.0.tgz") == "hello")
    }

    @Test("the same content again is unchanged; other content is refused, and what was there stays")
    func immutable() async throws {
        let feed = try await Bench().feed()
        try await feed.publish("one", at: "a")
        #expect(try await feed.publish("one", at: "a").outcome == .unchanged)
        await expectError(.alreadyExists) { try await feed.publish("two", at: "a") }
        #expect(try await feed.text(at: "a") == "one")
    }

    @Test("a mutable feed replaces, keeps the former revision, and can go back to it")
    func mutable() async throws {
        let feed = try await Bench().feed("m", FeedPolicy(mutable: true))
        try await feed.publish("one", at: "a", by: "alice")
        #expect(try await feed.publish("two", at: "a", by: "bob").outcome == .replaced)
        let log = try await feed.log(PackagePath("a"))
        #expect(log.map(\.act.by) == ["bob", "alice"])
        try await feed.restore(PackagePath("a"), revision: log[1].revision, by: "carol")
        #expect(try await feed.text(at: "a") == "one")
        #expect(try await feed.log(PackagePath("a")).first?.act.by == "carol")
    }

    @Test("a deleted package is gone from reading and listing, is restored whole, and its path can be published anew")
    func deleteAndRestore() async throws {
        let feed = try await Bench().feed()
        try await feed.publish("one", at: "a")
        try await feed.remove(PackagePath("a"), by: "bob")
        #expect(try await feed.text(at: "a") == nil)
        #expect(
            try await !feed.remove(PackagePath("a"), by: "carol"), "it is deleted already, which is as it should be")
        #expect(try await feed.log(PackagePath("a")).first?.act.by == "bob")
        await expectError(.notFound) { try await feed.remove(PackagePath("never"), by: "bob") }
        try await feed.restore(PackagePath("a"), by: "carol")
        #expect(try await feed.text(at: "a") == "one")
        await expectError(.alreadyExists) { try await feed.restore(PackagePath("a"), by: "carol") }
        try await feed.remove(PackagePath("a"), by: "bob")
        #expect(try await feed.publish("other", at: "a").outcome == .created)
        #expect(try await feed.log(PackagePath("a")).count == 5)
    }

    @Test("a restoration whose content is gone for good writes nothing")
    func restoreWithoutContent() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let done = try await feed.publish("one", at: "a")
        try await feed.remove(PackagePath("a"), by: "bob")
        try await bench.storage(feed).removeObject(FeedLayout.blob(done.digest))
        let before = try await feed.open().package(PackagePath("a"))
        await expectError(.notFound) { try await feed.restore(PackagePath("a"), by: "carol") }
        #expect(try await feed.open().package(PackagePath("a")) == before)
    }

    @Test("content that a collector has just retired is linked back by a restoration, and served meanwhile")
    func retired() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let done = try await feed.publish("one", at: "a")
        let storage = try await bench.storage(feed)
        try await storage.moveObject(FeedLayout.blob(done.digest), to: FeedLayout.retired(done.digest))
        #expect(try await feed.text(at: "a") == "one")
        try await feed.remove(PackagePath("a"), by: "bob")
        try await feed.restore(PackagePath("a"), by: "bob")
        #expect(try await storage.statObject(FeedLayout.blob(done.digest)) != nil)
    }

    @Test("a wrong digest is refused before anything is stored")
    func wrongDigest() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        await expectError(.digestMismatch) {
            try await feed.publish(
                ObjectSource([1]).read(), at: PackagePath("a"), expecting: Digest(of: [2]), by: "alice")
        }
        #expect(try await feed.listing().isEmpty)
        #expect(try await bench.storage(feed).uploadsInFlight().flattened().isEmpty)
    }

    @Test("an upload heals content that is missing, and content of a wrong size goes to quarantine")
    func heals() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let done = try await feed.publish("one", at: "a")
        let storage = try await bench.storage(feed)
        let blob = FeedLayout.blob(done.digest)
        try await storage.removeObject(blob)
        #expect(try await feed.publish("one", at: "a").outcome == .healed)
        try await storage.removeObject(blob)
        _ = try await storage.writeObject(blob, ObjectSource([1]))
        #expect(try await feed.publish("one", at: "a").outcome == .healed)
        #expect(try await feed.text(at: "a") == "one")
        #expect(try await storage.list(ListRequest(FeedLayout.quarantine)).flattened().count == 2)
    }

    @Test("an upload writes a garbled record anew, and what stood there is kept")
    func healsRecord() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("one", at: "a")
        let storage = try await bench.storage(feed)
        let key = try PackagePath("a").key
        for garbled in ["{", #"{"format":1,"revision":"r","path":"b","digest":"x"}"#] {
            guard let record = try await storage.readRecord(key) else { throw StoreError(.notFound, "no record") }
            _ = try await storage.writeRecord(key, Array(garbled.utf8), expecting: .version(record.version))
            await expectError(.corrupt) { try await feed.text(at: "a") }
            #expect(try await feed.publish("two", at: "a").outcome == .healed)
            #expect(try await feed.text(at: "a") == "two")
        }
        #expect(try await storage.list(ListRequest(FeedLayout.quarantine)).flattened().count == 4)
    }

    @Test("a record of a newer format is never written over")
    func newerRecord() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let storage = try await bench.storage(feed)
        _ = try await storage.writeRecord(
            PackagePath("a").key, Array(#"{"format":2,"revision":"r"}"#.utf8), expecting: .absent)
        await expectError(.unknownFormat) { try await feed.publish("one", at: "a") }
    }

    @Test("damage is never served as good: the last chunk waits for the digest")
    func verifiedReading() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let done = try await feed.publish("good", at: "a")
        let storage = try await bench.storage(feed)
        try await storage.removeObject(FeedLayout.blob(done.digest))
        _ = try await storage.writeObject(FeedLayout.blob(done.digest), ObjectSource(Array("evil".utf8)))
        await expectError(.corrupt) { try await feed.text(at: "a") }
    }

    @Test("of racing publishers of different content one wins, and the others get a conflict")
    func race() async throws {
        let feed = try await Bench().feed()
        let outcomes = await withTaskGroup(of: String.self) { group in
            for number in 0..<32 {
                group.addTask {
                    do { return try await feed.publish("content \(number)", at: "a").outcome.rawValue } catch {
                        return (error as? StoreError)?.code.rawValue ?? "\(error)"
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == "created" }.count == 1)
        #expect(outcomes.filter { $0 == "alreadyExists" }.count == 31)
    }

    @Test("who commits the content and finds that another's record names it already has healed nothing")
    func raceForTheRecord() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed(root: "/memory/npm")
        let url = try RootURL("/memory/npm")
        let others = try await bench.reopened().feed("npm")
        let base = try #require(bench.opener[url])
        let plan = FaultPlan.once(.writeRecord, .late { _ = try? await others.publish("one", at: "a") })
        bench.opener.replace(url, with: FaultStorage(base, plan: plan))
        let slow = try await bench.reopened().feed("npm")
        #expect(try await slow.publish("one", at: "a", by: "slow").outcome == .unchanged)
        #expect(try await feed.log(PackagePath("a")).map(\.act.by) == ["alice"])
    }

    @Test("a publication that began before the feed moved is done over in the new root")
    func epoch() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let moving = MovingContent(Array("one".utf8)) {
            _ = try await bench.store.updateFeed(FeedName("npm"), root: RootURL("/memory/other"))
        }
        let done = try await feed.publish(moving, at: PackagePath("a"), by: "alice")
        #expect(done.outcome == .created)
        #expect(try await feed.open().root.url == RootURL("/memory/other"))
        #expect(try await feed.text(at: "a") == "one")
    }

    @Test("extra digests are kept where a feed asks for them")
    func extras() async throws {
        let feed = try await Bench().feed("npm", FeedPolicy(digests: [.sha1, .sha512, .md5]))
        try await feed.publish("abc", at: "a")
        let digests = try await feed.package(at: PackagePath("a"))?.record.digests
        #expect(digests?["sha1"] == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(digests?["md5"] == "900150983cd24fb0d6963f7d28e17f72")
        #expect(digests?["sha512"]?.hasPrefix("ddaf35a193617aba") == true)
    }

    @Test("a promotion moves no bytes, and a package is then in both feeds")
    func promote() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let other = try await bench.feed("prod")
        try await feed.publish("one", at: "a")
        #expect(try await feed.promote(PackagePath("a"), to: other, by: "bob").outcome == .created)
        #expect(try await feed.promote(PackagePath("a"), to: other, by: "bob").outcome == .unchanged)
        #expect(try await other.text(at: "a") == "one")
        await expectError(.notFound) { try await feed.promote(PackagePath("b"), to: other, by: "bob") }
    }

    @Test("where a flush failed before, a record whose fate is unknown is not written again and again")
    func flushFailed() async throws {
        let bench = try await Bench()
        _ = try await bench.feed(root: "/memory/a")
        let url = try RootURL("/memory/a")
        let writes = Mutex(0)
        let unknown = StoreError(.outcomeUnknown, "an earlier flush failed").under(.flushFailed)
        let plan = FaultPlan { operation, key, _ in
            guard operation == .writeRecord, key?.hasPrefix("packages/") == true else { return nil }
            writes.withLock { $0 += 1 }
            return .before(unknown)
        }
        bench.opener.replace(url, with: FaultStorage(try #require(bench.opener[url]), plan: plan))
        let feed = try await bench.reopened().feed("npm")
        await expectError(.outcomeUnknown) { try await feed.publish("content", at: "a") }
        #expect(writes.withLock { $0 } == 1)
    }
}

/// Content during whose reading something else happens.
private struct MovingContent: AsyncSequence, Sendable {
    let bytes: [UInt8]
    let meanwhile: @Sendable () async throws -> Void

    init(_ bytes: [UInt8], _ meanwhile: @escaping @Sendable () async throws -> Void) {
        self.bytes = bytes
        self.meanwhile = meanwhile
    }

    func makeAsyncIterator() -> Iterator { Iterator(content: self) }

    struct Iterator: AsyncIteratorProtocol {
        var content: MovingContent
        var isDone = false

        mutating func next() async throws -> [UInt8]? {
            if isDone { return nil }
            isDone = true
            try await content.meanwhile()
            return content.bytes
        }
    }
}

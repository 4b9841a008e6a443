import FoundationEssentials
import TestSupport
import Testing

@testable import BlobStore

/// Records are read by whoever finds them; what they say may be anything.
@Suite struct ForeignRecordTests {
    private static let largest = Int64.max

    private func replace(_ text: String, by other: String, of key: Key, in storage: any Storage) async throws {
        let record = try #require(try await storage.readRecord(key))
        let edited = String(decoding: record.bytes, as: UTF8.self).replacing(text, with: other)
        #expect(Array(edited.utf8) != record.bytes)
        _ = try await storage.writeRecord(key, Array(edited.utf8), expecting: .version(record.version))
    }

    @Test("a feed record with an epoch that cannot be counted further, or a grace period of ages, is garbled")
    func feedRecord() async throws {
        let bench = try await Bench()
        _ = try await bench.feed()
        let key = Catalog.key(try FeedName("npm"))
        let storage = bench.store.server.storage
        for (text, other) in [
            ("\"epoch\":1", "\"epoch\":\(Self.largest)"), ("\"epoch\":\(Self.largest)", "\"epoch\":-1"),
            ("\"epoch\":-1", "\"epoch\":1"), ("\"graceSeconds\":86400", "\"graceSeconds\":\(Self.largest)"),
        ] {
            try await replace(text, by: other, of: key, in: storage)
            if other == "\"epoch\":1" { continue }
            await expectError(.corrupt) { try await bench.store.feed("npm") }
        }
    }

    @Test(
        "what is wrong with a record is said as it is",
        arguments: [
            ("\"format\":1", "\"format\":0", "the format is 0; the first one is 1"),
            ("\"format\":1", "\"format\":-1", "the format is -1; the first one is 1"),
            ("\"size\":3", "\"size\":4.5", "a number in it is not whole, or is out of range"),
            ("\"size\":3", "\"size\":18446744073709551616", "a number in it is not whole, or is out of range"),
            ("\"size\":3", "\"size\":null", "the field \"size\" is null"),
            ("\"size\":3", "\"previous\":[null],\"size\":3", "the field \"previous.item 1\" is null"),
            ("\"size\":3", "\"size\":[]", "the field \"size\" has the wrong type"),
            ("\"size\":3", "\"size\":", "it is not JSON"),
        ])
    func sentences(_ text: String, _ other: String, _ flaw: String) async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("one", at: "a")
        let path = try PackagePath("a")
        try await replace(text, by: other, of: path.key, in: try await bench.storage(feed))
        await #expect {
            try await feed.package(at: path)
        } throws: { error in
            (error as? StoreError)?.message == "the package record is garbled: \(flaw)"
        }
    }

    @Test("a lease with a term that cannot be counted further is garbled, and taken by nobody")
    func lease() async throws {
        let bench = try await Bench()
        let storage = bench.store.server.storage
        _ = try await storage.create(
            LeaseRecord.key("work"),
            LeaseRecord(name: "work", holder: nil, term: 1, renewals: 0, seconds: 1, since: .now))
        try await replace("\"term\":1", by: "\"term\":\(Self.largest)", of: LeaseRecord.key("work"), in: storage)
        await expectError(.corrupt) {
            try await Lease.take("work", of: storage, node: NodeName("a"), length: .seconds(1))
        }
    }

    @Test("records that state the largest sizes there are stop no check, no survey and no collection")
    func sizes() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", FeedPolicy(graceSeconds: 0))
        let storage = try await bench.storage(feed)
        for name in ["a", "b", "c"] {
            try await feed.publish("content \(name)", at: name)
            try await replace(
                "\"size\":9", by: "\"size\":\(Self.largest)", of: PackagePath(name).key, in: storage)
        }
        let found = Collected<Finding>()
        let summary = try await CheckOperation(bench.store, .init(content: .all)) { event in
            if case .finding(let finding) = event { found.add(finding) }
        }.run()
        #expect(summary.complete && summary.errors == 3)
        let plan = try await CheckOperation(bench.store, .init(content: .share(percent: 10), isDryRun: true)) { _ in }
            .run()
        #expect(plan.complete)
        let collected = try await CollectOperation(feed, .init(deletes: true)) { _ in }.run()
        #expect(collected.deleted == 0)
    }

    @Test("a record of a negative size is named, and the others are checked")
    func negativeSize() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        for name in ["a", "b"] { try await feed.publish("content \(name)", at: name) }
        try await replace("\"size\":9", by: "\"size\":-9", of: PackagePath("a").key, in: bench.storage(feed))
        let found = Collected<Finding>()
        _ = try await CheckOperation(bench.store, .init()) { event in
            if case .finding(let finding) = event { found.add(finding) }
        }.run()
        #expect(found.all.filter { $0.severity == .error }.map(\.kind) == [.badRecord])
    }
}

import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobCluster
@testable import BlobStore

@Suite("A check that nodes share")
struct CheckRunnerTests {
    private let places = MemoryPlaces()
    private let time = JumpingTime()
    private let store: PackageStore
    private let feed: Feed

    init() async throws {
        store = try await PackageStore.create(RootURL("/memory/server"), node: NodeName("web-1"), with: places).store
        _ = try await store.createFeed(FeedName("npm"))
        feed = try await store.feed("npm")
        for number in 0..<100 {
            let content = try await ObjectSource(Array("content \(number)".utf8)).read()
            _ = try await feed.publish(content, at: PackagePath("pkg/\(number)"), by: "alice")
        }
    }

    private func finder(_ node: String) throws -> JobFinder {
        let place = JobPlace(
            storage: store.server.storage, node: try NodeName(node), process: node, timing: ClusterTiming(),
            clock: time.clock)
        return JobFinder(place, [CheckRunner(store)]) { _ in }
    }

    private func submit(_ content: ContentLevel) async throws -> JobRecord {
        let arguments = CheckRunner.arguments(feed.name, content)
        return try await JobBoard(store.server.storage, clock: time.clock).submit(
            CheckRunner(store), arguments, by: "alice")
    }

    private func job(_ id: String) async throws -> JobRecord {
        try #require(try await JobBoard(store.server.storage).job(id))
    }

    private func total(_ id: String) async throws -> [String: Int64] {
        try await job(id).shards.reduce(into: [:]) { $0.merge($1.result ?? [:], uniquingKeysWith: +) }
    }

    /// Does all that there is to do.
    private func work(_ finder: JobFinder) async throws {
        while let found = try await finder.next() { try await found.claim.finish(found.runner.run(found.shard)) }
    }

    @Test("its parts read every byte once between them, and the records are compared once")
    func parts() async throws {
        let job = try await submit(.all)
        #expect(job.shards.count == 17 && job.shards[0].name == "npm/records" && job.shards[16].name == "npm/f0-ff")
        try await work(finder("web-1"))
        let total = try await total(job.id)
        #expect(total["bytesRead"] == 990 && total["packages"] == 100 && total["blobs"] == 100)
        #expect(total["errors"] == 0 && total["incomplete"] == 0)
        // What was read stands in the ledger, all parts of it.
        let ledger = try await feed.open().storage.document(CheckLedger.key, as: CheckLedger.self)?.body
        #expect(ledger?.verified.count == CheckLedger.shardCount)
    }

    @Test("damaged content is an error of the part that it is in, and the shard says which blob it is")
    func damage() async throws {
        let digest = try #require(try await feed.package(at: PackagePath("pkg/7"))).record.digest
        let (storage, key) = (try await feed.open().storage, FeedLayout.blob(digest))
        try await storage.removeObject(key)
        _ = try await storage.writeObject(key, ObjectSource(Array("rotten! 7".utf8)))
        let job = try await submit(.all)
        try await work(finder("web-1"))
        #expect(try await total(job.id)["errors"] == 1)
        let shard = try #require(try await self.job(job.id).shards.first { $0.result?["errors"] == 1 })
        #expect(shard.remark?.hasPrefix("corrupt-blob \(key): ") == true && shard.state == .done)
    }

    @Test(
        "content that was cut short is counted once, as one process counts it",
        arguments: [ContentLevel.all, .due(within: .seconds(100), every: .seconds(100))])
    func cutShort(_ content: ContentLevel) async throws {
        let digest = try #require(try await feed.package(at: PackagePath("pkg/7"))).record.digest
        let (storage, key) = (try await feed.open().storage, FeedLayout.blob(digest))
        try await storage.removeObject(key)
        _ = try await storage.writeObject(key, ObjectSource(Array("conte".utf8)))
        let kinds = Mutex<[Finding.Kind]>([])
        let alone = try await CheckOperation(store, feeds: [feed.name], .init(content: .all)) { event in
            if case .finding(let finding) = event { kinds.withLock { $0.append(finding.kind) } }
        }.run()
        #expect(alone.errors == 1 && kinds.withLock { $0 } == [.sizeMismatch])
        let job = try await submit(content)
        try await work(finder("web-1"))
        #expect(try await total(job.id)["errors"] == 1)
        let shard = try #require(try await self.job(job.id).shards.first { $0.result?["errors"] == 1 })
        #expect(shard.name == "npm/records" && shard.remark?.hasPrefix("size-mismatch \(key): ") == true)
    }

    @Test("a dead node's part is resumed behind the last byte that was done, and what it had found is not lost")
    func resumed() async throws {
        let job = try await submit(.all)
        let (dead, next) = (try finder("web-1"), try finder("web-2"))
        var claimed = try #require(try await dead.next())
        if claimed.shard.name == "npm/records" { claimed = try #require(try await dead.next()) }
        let bytes = try #require(try CheckPart(claimed.shard.name).bytes)
        let middle = bytes.lowerBound + 7
        let former = String(middle, radix: 16)
        claimed.shard.note(JobRecord.Progress(done: 8), checkpoint: "\(former.count < 2 ? "0" : "")\(former) 500 2 0 0")
        try await claimed.claim.renew()
        try await work(next)
        time.advance(by: .seconds(10))
        try await work(next)
        var rest: Int64 = 0
        for number in 0..<100 {
            let record = try #require(try await feed.package(at: PackagePath("pkg/\(number)"))).record
            let first = try #require(UInt8(record.digest.hex.prefix(2), radix: 16))
            if first > middle && first <= bytes.upperBound { rest += record.size }
        }
        let shard = try #require(try await self.job(job.id).shards.first { $0.name == claimed.shard.name })
        #expect(shard.result == ["bytesRead": 500 + rest, "errors": 2, "warnings": 0, "incomplete": 0])
    }

    @Test("a scrub that comes daily reads its share each time, and has read everything when the period is over")
    func scrub() async throws {
        let level = ContentLevel.due(within: .seconds(4 * 86_400), every: .seconds(86_400))
        var read: [Int64] = []
        for _ in 0..<4 {
            let job = try await submit(level)
            try await work(finder("web-1"))
            read.append(try await total(job.id)["bytesRead"] ?? 0)
        }
        #expect(read.reduce(0, +) >= 990 && read[0] < 600, "\(read)")
        let ledger = try #require(try await feed.open().storage.document(CheckLedger.key, as: CheckLedger.self)?.body)
        for number in 0..<100 {
            let record = try #require(try await feed.package(at: PackagePath("pkg/\(number)"))).record
            #expect(ledger.time(CheckLedger.shard(of: record.digest)) != nil, "pkg/\(number)")
        }
    }

    @Test("a collection by a rule that was taken back meanwhile frees nothing; one that is asked for keeps the cap")
    func collection() async throws {
        let runner = CollectRunner(store)
        let board = JobBoard(store.server.storage, clock: time.clock)
        let place = JobPlace(
            storage: store.server.storage, node: try NodeName("web-1"), process: "p", timing: ClusterTiming(),
            clock: time.clock)
        let finder = JobFinder(place, [runner]) { _ in }
        let ruled = try await board.submit(runner, CollectRunner.ruled(feed.name), by: "rule")
        let found = try #require(try await finder.next())
        #expect(try await runner.run(found.shard) == ["skipped": 1])
        _ = try await store.updateFeed(feed.name, FeedPolicy(collects: true))
        #expect(try await runner.run(found.shard)["candidates"] == 0)
        _ = try await board.cancel(ruled.id)
        await expectError(.invalidArgument) {
            try await board.submit(runner, ["feed": "npm", "percent": "200"], by: "alice")
        }
    }
}

import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobCluster

@Suite("Jobs that nodes share")
struct JobTests {
    /// Splits as the arguments say, and does what a test wants.
    struct Runner: JobRunner {
        let kind = "test"
        var work: @Sendable (JobShard) async throws(StoreError) -> [String: Int64] = { _ in ["items": 1] }

        func shards(_ arguments: [String: String]) async throws(StoreError) -> [String] {
            (0..<(Int(arguments["shards"] ?? "") ?? 1)).map { "part-\($0)" }
        }

        func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64] { try await work(shard) }
    }

    private let storage = MemoryStorage()
    private let time = JumpingTime()

    private var board: JobBoard { JobBoard(storage, clock: time.clock) }

    private func place(_ node: String) throws -> JobPlace {
        JobPlace(
            storage: storage, node: try NodeName(node), process: "process-of-\(node)", timing: ClusterTiming(),
            clock: time.clock)
    }

    private func finder(_ node: String, _ runner: Runner = Runner()) throws -> JobFinder {
        JobFinder(try place(node), [runner]) { _ in }
    }

    @Test("several nodes share the shards of one job, and the last one ends it")
    func shared() async throws {
        let job = try await board.submit(Runner(), ["shards": "3"], by: "alice")
        let (one, two) = (try finder("web-1"), try finder("web-2"))
        var claims: [JobClaim] = []
        for finder in [one, two, one] { claims.append(try #require(try await finder.next()).claim) }
        #expect(try await two.next() == nil)
        for (index, claim) in claims.enumerated() {
            #expect(try await board.job(job.id)?.outcome == nil)
            try await claim.finish(["items": Int64(index)])
        }
        let ended = try #require(try await board.job(job.id))
        #expect(ended.outcome == .done && ended.shards.allSatisfy { $0.state == .done && $0.result != nil })
    }

    @Test("a dead node's shard goes on from its checkpoint, under a new term; what the dead one writes is refused")
    func takeover() async throws {
        _ = try await board.submit(Runner(), by: "alice")
        let dead = try #require(try await finder("web-1").next())
        dead.shard.note(JobRecord.Progress(done: 5), checkpoint: "key-5")
        try await dead.claim.renew()
        let other = try finder("web-2")
        #expect(try await other.next() == nil)
        time.advance(by: .seconds(9))
        #expect(try await other.next() == nil && !dead.shard.isHeld)
        time.advance(by: .milliseconds(181))
        let next = try #require(try await other.next())
        #expect(next.shard.checkpoint == "key-5" && next.shard.term == dead.shard.term + 1)
        await expectError(.preconditionFailed) { try await dead.claim.renew() }
        await expectError(.preconditionFailed) { try await dead.claim.finish([:]) }
        await expectError(.unavailable) { () async throws in try dead.shard.check() }
    }

    /// Claims the shard on one node after another, each of which falls silent.
    private func deaths(_ count: Int, _ work: (JobFinder.Found) async throws -> Void = { _ in }) async throws {
        for number in 0..<count {
            let finder = try finder("web-\(number)")
            _ = try await finder.next()
            time.advance(by: .seconds(10))
            try await work(try #require(try await finder.next()))
        }
    }

    @Test("a shard at which one node after another dies fails after five, and says so")
    func deadly() async throws {
        let job = try await board.submit(Runner(), by: "alice")
        _ = try #require(try await finder("web-9").next())
        try await deaths(4)
        #expect(try await board.job(job.id)?.shards[0].deaths == 4)
        let last = try finder("web-8")
        #expect(try await last.next() == nil)
        time.advance(by: .seconds(10))
        #expect(try await last.next() == nil)
        let ended = try #require(try await board.job(job.id))
        #expect(ended.outcome == .failed)
        let message = try #require(ended.shards[0].message)
        #expect(message.hasPrefix("5 nodes in a row fell silent while they did it, the last one \"web-3\""))
    }

    @Test("a shard that gets further each time is resumed however many nodes die, and remarks and checkpoints stay")
    func laborious() async throws {
        let job = try await board.submit(Runner(), by: "alice")
        _ = try #require(try await finder("web-9").next())
        try await deaths(8) { found in
            let done = (found.shard.checkpoint.flatMap { Int64($0) } ?? 0) + 1
            found.shard.note(JobRecord.Progress(done: done), checkpoint: "\(done)")
            found.shard.remark("item \(done) is odd")
            try await found.claim.renew()
        }
        let shard = try #require(try await board.job(job.id)?.shards[0])
        #expect(shard.checkpoint == "8" && shard.deaths == nil && shard.remark == "item 1 is odd")
    }

    @Test("what was begun is resumed before anything else is begun, and a node without room knows who is silent")
    func resumedFirst() async throws {
        _ = try await board.submit(Runner(), ["shards": "50"], by: "alice")
        let dead = try #require(try await finder("web-1").next())
        let other = try finder("web-2")
        #expect(try await other.next(isForAbandoned: true) == nil && other.isBusy)
        time.advance(by: .seconds(10))
        #expect(try await other.next(isForAbandoned: true)?.shard.name == dead.shard.name)
        #expect(try await other.next(isForAbandoned: true) == nil)
        let third = try finder("web-3")
        try await third.watch()
        time.advance(by: .seconds(10))
        #expect(try await third.next()?.shard.name == dead.shard.name)
    }

    @Test("a shard that ended although the answer was lost has ended, and is not given back")
    func lostAnswer() async throws {
        let late = StoreError(.unavailable, "no answer within 20 s")
        let faulty = FaultStorage(storage, plan: .once(.writeRecord, at: 1, .after(late)))
        let job = try await board.submit(Runner(), by: "alice")
        var place = try place("web-1")
        place = JobPlace(
            storage: faulty, node: place.node, process: place.process, timing: place.timing, clock: place.clock)
        let found = try #require(try await JobFinder(place, [Runner()]) { _ in }.next())
        await expectError(.unavailable) { try await found.claim.finish(["items": 1]) }
        try await found.claim.finish(["items": 1])
        try await found.claim.handBack()
        #expect(try await board.job(job.id)?.outcome == .done)
    }

    @Test("an error that may be retried leads to another attempt, up to five; any other ends the shard")
    func failures() async throws {
        let job = try await board.submit(Runner(), by: "alice")
        let finder = try finder("web-1")
        for attempt in 1...JobRecord.maximumAttempts {
            let claim = try #require(try await finder.next()).claim
            try await claim.fail(StoreError(.unavailable, "the share is away"))
            #expect(try await board.job(job.id)?.shards[0].attempts == attempt)
        }
        let ended = try #require(try await board.job(job.id))
        #expect(ended.outcome == .failed && ended.shards[0].message == "the share is away")
    }

    @Test("a job that was called off is not begun, and who is at it may not go on")
    func cancelled() async throws {
        let job = try await board.submit(Runner(), ["shards": "2"], by: "alice")
        let finder = try finder("web-1")
        let found = try #require(try await finder.next())
        _ = try await board.cancel(job.id)
        await expectError(.preconditionFailed) { try await found.claim.renew() }
        #expect(try await finder.next() == nil)
        #expect(try await board.job(job.id)?.outcome == .cancelled)
    }

    @Test("no more than eight nodes are at one job at the same time")
    func crowd() async throws {
        _ = try await board.submit(Runner(), ["shards": "20"], by: "alice")
        var count = 0
        while try await finder("web-\(count)").next() != nil { count += 1 }
        #expect(count >= JobRecord.maximumClaims)
    }

    @Test("jobs that have ended are kept for a day and at most a hundred; others are never removed")
    func retention() async throws {
        let clock = ManualClock()
        let storage = MemoryStorage(clock: clock)
        let board = JobBoard(storage, clock: time.clock)
        let open = try await board.submit(Runner(), by: "alice")
        for _ in 0..<110 { _ = try await board.submit(Runner(), ["shards": "0"], by: "alice") }
        #expect(try await board.removeForgotten() == 0)
        clock.advance(by: .seconds(3_601))
        #expect(try await board.removeForgotten() == 10)
        clock.advance(by: .seconds(86_400))
        #expect(try await board.removeForgotten() == 0)
        time.advance(by: .seconds(86_401))
        #expect(try await board.removeForgotten() == 100)
        #expect(try await board.jobs().map(\.id) == [open.id])
    }

    @Test("a planner that was paused makes no job of an occasion that is over")
    func ghost() async throws {
        let entry = PlanRecord.Entry(occasion: 2, job: "scrub-2", at: time.clock.date())
        _ = try await storage.create(PlanRecord.key, PlanRecord(term: 1, schedules: ["scrub": entry]))
        let ghost = JobRecord(
            id: "scrub-1", kind: "test", arguments: [:], schedule: "scrub", occasion: 1, by: "scrub", term: 1,
            created: time.clock.date(), shards: ["all"])
        _ = try await storage.create(JobRecord.key(ghost.id), ghost)
        #expect(try await finder("web-1").next() == nil)
        #expect(try await board.job(ghost.id)?.outcome == .superseded)
    }
}

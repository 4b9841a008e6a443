import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("A lease keeps to its own time")
struct LeaseDeadlineTests {
    private let time = ManualTime()

    private func take(
        _ storage: any Storage, _ node: String = "web-1", length: Duration = .seconds(9)
    ) async throws -> Lease {
        try await Lease.take("work", of: storage, node: NodeName(node), length: length, clock: time.clock)
    }

    private func record(_ storage: any Storage) async throws -> LeaseRecord? {
        try await storage.document(LeaseRecord.key("work"), as: LeaseRecord.self)?.body
    }

    @Test("work is cancelled at the lease's deadline, while a renewal hangs and does not return")
    func hanging() async throws {
        let (hangs, release, cancelled) = (Gate(), Gate(), Gate())
        let storage = FaultStorage(
            MemoryStorage(),
            plan: .once(
                .writeRecord, at: 1,
                .late(after: {
                    hangs.open()
                    // As a mount that hangs, it does not hear of a cancellation.
                    await Task.detached { await release.wait() }.value
                })))
        let lease = try await take(storage)
        let work = Task {
            try await lease.hold { () async throws(StoreError) in
                await Gate().wait()
                cancelled.open()
                throw StoreError(.cancelled, "stopped")
            }
        }
        #expect(await time.untilSomebodySleeps(to: .seconds(3)))
        #expect(await time.untilSomebodySleeps(to: .seconds(9)))
        time.advance(by: .seconds(3))
        await hangs.wait()
        time.advance(by: .milliseconds(5_999))
        #expect(lease.isHeld && !cancelled.isOpen)
        time.advance(by: .milliseconds(1))
        await cancelled.wait()
        #expect(!lease.isHeld)
        release.open()
        await expectError(.unavailable) { try await work.value }
    }

    @Test("renewals keep a lease for longer than its length")
    func renewals() async throws {
        let storage = MemoryStorage()
        let lease = try await take(storage)
        let gate = Gate()
        async let work: Void = lease.hold { () async throws(StoreError) in await gate.wait() }
        // Each renewal comes at a third of the length: six of them are two lengths.
        for _ in 1...6 {
            // The renewing, and the watch of the deadline.
            #expect(await time.untilAsleep(2))
            time.advance(by: .seconds(3))
        }
        #expect(await time.untilAsleep(2))
        #expect(try await record(storage)?.renewals == 6)
        #expect(lease.isHeld)
        gate.open()
        try await work
    }

    @Test("watching a lease that another holds costs a request a second")
    func watching() async throws {
        let storage = FaultStorage(MemoryStorage(), plan: FaultPlan { _, _, _ in nil })
        _ = try await take(storage, length: .seconds(15))
        let before = storage.count(of: .readRecords)
        async let next = take(storage, "web-2")
        for second in 1...15 {
            #expect(await time.untilSomebodySleeps(to: .seconds(second)))
            time.advance(by: .seconds(1))
        }
        #expect(await time.untilSomebodySleeps(to: .milliseconds(15_300)))
        time.advance(by: .milliseconds(300))
        let taken = try await next
        #expect(taken.term == 2)
        #expect(storage.count(of: .readRecords) - before == 1 + 16)
    }

    @Test("what is given back while another watches is taken at the next look")
    func givenBack() async throws {
        let storage = MemoryStorage()
        let first = try await take(storage, length: .seconds(15))
        async let next = take(storage, "web-2")
        #expect(await time.untilSomebodySleeps(to: .seconds(1)))
        try await first.hold { () async throws(StoreError) in }
        time.advance(by: .seconds(1))
        let taken = try await next
        #expect(taken.term == 2)
        #expect(time.now == .seconds(1))
    }

    @Test("a caller that gave up gives the lease back, on a storage that hears of cancellations too")
    func stopped() async throws {
        let storage = FaultStorage(
            MemoryStorage(),
            plan: FaultPlan { operation, _, _ in
                operation == .writeRecord && Task.isCancelled ? .before(StoreError(.cancelled, "cancelled")) : nil
            })
        let lease = try await take(storage)
        let begun = Gate()
        let task = Task {
            try await lease.hold { () async throws(StoreError) in
                begun.open()
                await Gate().wait()
                throw StoreError(.cancelled, "stopped")
            }
        }
        await begun.wait()
        task.cancel()
        await expectError(.cancelled) { try await task.value }
        #expect(try await record(storage)?.holder == nil)
        #expect(try await take(storage, "web-2").term == 2 && time.now == .zero)
    }

    @Test("a renewal of one's own that was written though it failed is no other's, and the lease is given back")
    func unanswered() async throws {
        let late = StoreError(.unavailable, "no answer within 20 s")
        let storage = FaultStorage(MemoryStorage(), plan: .once(.writeRecord, at: 1, .after(late)))
        let lease = try await take(storage)
        await expectError(.unavailable) { try await lease.renew() }
        try await lease.hold { () async throws(StoreError) in }
        #expect(try await record(storage)?.holder == nil)
    }

    @Test("a length counts in milliseconds, for an earlier version in whole seconds")
    func milliseconds() async throws {
        let storage = MemoryStorage()
        let lease = try await take(storage, length: .milliseconds(1_250))
        #expect(try await record(storage)?.length == .milliseconds(1_250))
        let bytes = try await storage.readRecord(LeaseRecord.key("work"))?.bytes ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("\"milliseconds\":1250") && text.contains("\"seconds\":2"))
        time.advance(by: .milliseconds(1_249))
        #expect(lease.isHeld)
        time.advance(by: .milliseconds(1))
        #expect(!lease.isHeld)
    }

    @Test(
        "a length that others wrote is waited for a day at most, and no number of theirs ends the process",
        arguments: [
            #""seconds":9223372036854775807"#, #""seconds":-1"#, #""milliseconds":9223372036854775807,"seconds":0"#,
            #""milliseconds":-9223372036854775808,"seconds":1"#,
        ])
    func foreign(_ length: String) {
        let text =
            #"{"format":1,"revision":"r","name":"work","term":1,"renewals":0,"since":"2026-01-01T00:00:00Z","#
            + "\(length)}"
        guard let record = try? Document<LeaseRecord>(bytes: Array(text.utf8)).body else { return }
        #expect(record.length >= .zero && record.length <= .seconds(86_400))
    }
}

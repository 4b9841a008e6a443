import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite struct LeaseTests {
    private static let second = Duration.seconds(1)

    private func take(
        _ storage: any Storage, _ node: String = "web-1", length: Duration = LeaseTests.second
    ) async throws -> Lease {
        try await Lease.take("work", of: storage, node: NodeName(node), length: length)
    }

    private func record(_ storage: any Storage) async throws -> LeaseRecord? {
        try await storage.document(LeaseRecord.key("work"), as: LeaseRecord.self)?.body
    }

    @Test("a lease that is held through work is given back, and its term only grows")
    func terms() async throws {
        let storage = MemoryStorage()
        for term in 1...3 {
            let lease = try await take(storage, "web-\(term)")
            #expect(lease.term == Int64(term) && lease.isHeld)
            let text = try await lease.hold { () async throws(StoreError) in "done" }
            #expect(text == "done" && !lease.isHeld)
            #expect(try await record(storage)?.holder == nil)
        }
    }

    @Test("who comes second is told who is at work, also in the same process")
    func second() async throws {
        let storage = MemoryStorage()
        let lease = try await take(storage, "web-7", length: .seconds(60))
        let refusal = try await lease.refusal { [self] in try await take(storage, "web-7") }
        #expect(refusal?.code == .unavailable && refusal?.message.contains("\"web-7\"") == true)
        try await lease.hold { () async throws(StoreError) in }
        #expect(try await take(storage, "web-8").term == 2)
    }

    @Test("a holder without a sign of life is taken over after its own length, and finds out")
    func dead() async throws {
        let storage = MemoryStorage()
        let dead = try await take(storage)
        let began = ContinuousClock.now
        let next = try await take(storage, "web-2", length: .seconds(60))
        #expect(next.term == 2 && ContinuousClock.now - began >= Self.second)
        #expect(!dead.isHeld)
        #expect(throws: StoreError.self) { try dead.check() }
        await expectError(.unavailable) { try await dead.renew() }
        #expect(try await record(storage)?.holder?.node == "web-2")
    }

    @Test("a renewal whose answer was lost is read back, and the lease stays held")
    func lostAnswer() async throws {
        let unknown = StoreError(.outcomeUnknown, "the connection broke")
        let storage = FaultStorage(MemoryStorage(), plan: .once(.writeRecord, at: 1, .after(unknown)))
        let lease = try await take(storage)
        try await lease.renew()
        try await lease.renew()
        #expect(try await record(storage)?.renewals == 2)
    }

    @Test("work is stopped when its lease was taken over")
    func lost() async throws {
        let storage = MemoryStorage()
        let lease = try await take(storage)
        let key = LeaseRecord.key("work")
        let found: Stored<LeaseRecord>? = try await storage.document(key)
        let stored = try #require(found)
        var stolen = stored.body
        stolen.term += 1
        _ = try await storage.replace(key, stored, with: stolen)
        await expectError(.unavailable) {
            try await lease.hold { () async throws(StoreError) in
                await Gate().wait()
                throw StoreError(.cancelled, "stopped")
            }
        }
        #expect(try await record(storage)?.term == 2)
    }

    @Test("what work came to is told although its caller gave up meanwhile")
    func cancelled() async throws {
        let lease = try await take(MemoryStorage())
        let begun = Gate()
        let result = await withTaskGroup(of: Result<String, any Error>.self) { group in
            group.addTask {
                do {
                    return .success(
                        try await lease.hold { () async throws(StoreError) in
                            begun.open()
                            await Gate().wait()
                            return "done all the same"
                        })
                } catch { return .failure(error) }
            }
            await begun.wait()
            group.cancelAll()
            return await group.next() ?? .failure(StoreError(.failed, "nothing ran"))
        }
        #expect(try result.get() == "done all the same")
    }
}

import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("A lease is claimed, waited for and watched")
struct LeaseWaitingTests {
    private let storage = MemoryStorage()
    private let time = ManualTime()

    /// As ``ManualTime``'s, without chance: a look every two seconds.
    private var clock: NodeClock { NodeClock(now: time.clock.now, sleep: time.clock.sleep, chance: { 0.5 }) }

    private func claim(_ node: String) async throws -> Lease? {
        try await Lease.claim("work", of: storage, node: NodeName(node), clock: clock)
    }

    @Test("what is free is claimed at once, and what is held is not, whoever asks")
    func claiming() async throws {
        let lease = try #require(try await claim("web-1"))
        #expect(try await claim("web-1") == nil)
        #expect(try await claim("web-2") == nil)
        try await lease.release()
        #expect(try await claim("web-2")?.term == 2)
    }

    @Test("a candidate takes over from a dead holder, at one request for each look")
    func waiting() async throws {
        let storage = FaultStorage(storage, plan: FaultPlan { _, _, _ in nil })
        _ = try await claim("web-1")
        async let next = Lease.wait(for: "work", of: storage, node: NodeName("web-2"), clock: clock)
        for second in [2, 4, 6, 8, 10] {
            #expect(await time.untilSomebodySleeps(to: .seconds(second)))
            time.advance(by: .seconds(2))
        }
        #expect(try await next.term == 2)
        #expect(storage.count(of: .readRecords) == 6 && storage.count(of: .writeRecord) == 1)
    }

    @Test("a wait goes on while the holder gives signs of life, and while the storage is away")
    func patience() async throws {
        let away = StoreError(.unavailable, "the share is away")
        let faulty = FaultStorage(storage, plan: FaultPlan { _, _, count in count == 3 ? .before(away) : nil })
        let lease = try #require(try await claim("web-1"))
        async let next = Lease.wait(for: "work", of: faulty, node: NodeName("web-2"), clock: clock)
        for second in stride(from: 2, through: 20, by: 2) {
            #expect(await time.untilSomebodySleeps(to: .seconds(second)))
            try await lease.renew()
            time.advance(by: .seconds(2))
        }
        #expect(await time.untilSomebodySleeps(to: .seconds(22)))
        try await lease.release()
        time.advance(by: .seconds(2))
        #expect(try await next.term == 2)
        #expect(time.now == .seconds(22))
    }

    @Test("a watch tells who holds the lease, under which term and for how long without a change")
    func watching() async throws {
        var watch = try LeaseWatch("work", of: storage, clock: clock)
        #expect(try await watch.look() == LeaseWatch.View(node: nil, term: 0, age: .zero, isFree: true))
        let lease = try #require(try await claim("web-1"))
        #expect(try await watch.look() == LeaseWatch.View(node: "web-1", term: 1, age: .zero, isFree: false))
        time.advance(by: .seconds(5))
        #expect(try await watch.look().age == .seconds(5))
        try await lease.renew()
        #expect(try await watch.look().age == .zero)
        time.advance(by: .milliseconds(9_180))
        #expect(try await watch.look().isFree)
    }

    @Test("a name that would lead elsewhere is refused", arguments: ["", "a/b", "../x", "Work"])
    func names(_ name: String) async {
        await expectError(.invalidArgument) {
            try await Lease.claim(name, of: storage, node: NodeName("web-1"), clock: clock)
        }
    }
}

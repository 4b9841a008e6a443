import BlobStoreTesting
import BlobSystem
import TestSupport
import Testing

@testable import BlobCluster

@Suite("Who deletes a former root waits until no node works with it")
struct PresentWorkTests {
    private let storage = MemoryStorage()

    /// A node that gives a sign of life whenever somebody sleeps, as long as it is awake.
    private final class Beating: Sendable {
        let tracker = WorkTracker()
        let registration = Monitor<NodeRegistration?>(nil)
        let tells = Monitor(true)

        func beat() async {
            var about = NodeRecord.Description(version: "1")
            if tells.withLock({ $0 }) { about.oldestWork = tracker.oldest }
            guard let registration = registration.withLock({ $0 }) else { return }
            if let number = try? await registration.beat(about) { tracker.note(beat: number) }
        }
    }

    private func node(_ name: String, _ time: JumpingTime) async throws -> Beating {
        let node = Beating()
        let registration = try await NodeRegistration.register(
            NodeName(name), NodeRecord.Description(version: "1"), in: storage, clock: time.clock)
        node.registration.withLock { $0 = registration }
        return node
    }

    @Test("without nodes there is nothing to wait for; a silent or departed one is not waited for")
    func nobody() async throws {
        let time = JumpingTime()
        try await NodeRegistry(storage, clock: time.clock).awaitEndOfPresentWork(within: .zero)
        try await node("left", time).registration.withLock { $0 }?.leave()
        _ = try await node("dead", time)
        try await NodeRegistry(storage, clock: time.clock).awaitEndOfPresentWork(within: .seconds(60))
        #expect(time.now >= .seconds(130))
    }

    @Test("a request that runs is waited for, and what begins later is not")
    func running() async throws {
        let nodes = Monitor<[Beating]>([])
        let sleeps = Counter()
        let time = JumpingTime {
            let all = nodes.withLock { $0 }
            for node in all { await node.beat() }
            // Each of them always has something under way.
            if sleeps.next() == 9, let mark = all.first?.tracker.oldest { all.first?.tracker.end(mark) }
        }
        let node = try await node("web-1", time)
        nodes.withLock { $0 = [node] }
        _ = node.tracker.begin()
        let told = Monitor<[String]>([])
        try await NodeRegistry(storage, clock: time.clock).awaitEndOfPresentWork(within: .seconds(600)) { name in
            told.withLock { $0.append(name) }
        }
        #expect(sleeps.value > 9 && sleeps.value < 16)
        #expect(told.withLock { $0 } == ["web-1"])
    }

    @Test("one that never ends, or does not tell, is named after the time that it may take", arguments: [true, false])
    func endless(_ tells: Bool) async throws {
        let nodes = Monitor<[Beating]>([])
        let time = JumpingTime { for node in nodes.withLock({ $0 }) { await node.beat() } }
        let node = try await node("web-1", time)
        nodes.withLock { $0 = [node] }
        node.tells.withLock { $0 = tells }
        if tells { _ = node.tracker.begin() }
        let registry = NodeRegistry(storage, clock: time.clock)
        do throws(StoreError) {
            try await registry.awaitEndOfPresentWork(within: .seconds(100))
            Issue.record("it was not waited for")
        } catch {
            #expect(error.code == .unavailable && error.message.contains("web-1"))
        }
    }

    @Test("a process that was started meanwhile has nothing of before")
    func restarted() async throws {
        let nodes = Monitor<[Beating]>([])
        let (storage, sleeps) = (storage, Counter())
        let time = JumpingTime {
            for node in nodes.withLock({ $0 }) { await node.beat() }
            if sleeps.next() == 2 {
                try? await nodes.withLock { $0.first }?.registration.withLock { $0 }?.leave()
                nodes.withLock { $0 = [] }
                _ = try? await NodeRegistration.register(
                    NodeName("web-1"), NodeRecord.Description(version: "1"), in: storage)
            }
        }
        let node = try await node("web-1", time)
        nodes.withLock { $0 = [node] }
        _ = node.tracker.begin()
        try await NodeRegistry(storage, clock: time.clock).awaitEndOfPresentWork(within: .seconds(600))
        #expect(sleeps.value < 6)
    }
}

/// Counts from 0.
private final class Counter: Sendable {
    private let count = Monitor(0)
    var value: Int { count.withLock { $0 } }
    func next() -> Int {
        count.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}

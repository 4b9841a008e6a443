import Synchronization
import TestSupport

@testable import BlobStore

/// The time of a lease, which goes when a test tells it to; who sleeps wakes when it has come.
final class ManualTime: Sendable {
    private struct Sleeper {
        let id: Int
        let end: Duration
        let wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var count = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    var clock: NodeClock { NodeClock(now: { self.now }, sleep: { try await self.sleep($0) }) }
    var now: Duration { state.withLock { $0.now } }
    /// When each of those who sleep wakes.
    var ends: [Duration] { state.withLock { $0.sleepers.map(\.end).sorted() } }

    func advance(by time: Duration) {
        let due = state.withLock { state in
            state.now += time
            let due = state.sleepers.filter { $0.end <= state.now }
            state.sleepers.removeAll { $0.end <= state.now }
            return due
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    /// Lets others go on until somebody sleeps to that time.
    func untilSomebodySleeps(to end: Duration) async -> Bool {
        await eventually { ends.contains(end) }
    }

    /// Lets others go on until so many sleep.
    func untilAsleep(_ count: Int) async -> Bool {
        await eventually { ends.count == count }
    }

    private func sleep(_ end: Duration) async throws {
        let id = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.contains(id) { return .failure(CancellationError()) }
                    if end <= state.now { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, end: end, wake: wake))
                    return nil
                }
                if let outcome { wake.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(id)
                let sleeper = state.sleepers.first { $0.id == id }
                state.sleepers.removeAll { $0.id == id }
                return sleeper
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }
}

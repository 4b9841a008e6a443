import BlobStore
import ObjectStorage
import Synchronization

@testable import BlobCluster

/// A process of a node on a machine of its own: with a clock that drifts, and tasks that stop while it is paused.
final class SimulatedProcess: Sendable {
    private struct State: Sendable {
        var pausedAt: Duration?
        var pausedFor = Duration.zero
        var isOver = false
        var node: ClusterNode?
        var task: Task<Void, Never>?
        var trouble: [String] = []
    }

    let name: NodeName
    let storage: SimulatedStorage
    private let executor: StepExecutor
    private let timeline: Timeline
    private let flaw: Flaw?
    /// How fast its clock runs: two come apart by 2 % at most.
    private let rate: Double
    private let offset: Duration
    private let skewSeconds: Int64
    private let state = Mutex(State())

    init(_ name: String, _ disk: Disk, _ timeline: Timeline, _ queue: RunQueue, flaw: Flaw?) throws {
        self.name = try NodeName(name)
        self.timeline = timeline
        self.flaw = flaw
        storage = SimulatedStorage(disk, timeline)
        executor = StepExecutor(queue)
        rate = 1 + (timeline.chance() * 2 - 1) * (flaw == .clocksRunWild ? 0.33 : 0.0099)
        offset = timeline.time(0...1_000_000)
        skewSeconds = Int64(timeline.time(-3_600...3_600).components.seconds)
    }

    /// Its clock's time.
    private var local: Duration {
        let counted =
            if flaw == .clockStopsInPauses {
                state.withLock { ($0.pausedAt ?? timeline.now) - $0.pausedFor }
            } else { timeline.now }
        return offset + counted * rate
    }

    var clock: NodeClock {
        NodeClock(
            now: { self.local }, sleep: { try await self.sleep($0) }, chance: { self.timeline.chance() },
            date: { Timestamp(seconds: 1_800_000_000 + self.skewSeconds + self.timeline.now.components.seconds) })
    }

    private func sleep(_ end: Duration) async throws {
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                sleeper.begin(continuation)
                if state.withLock(\.isOver) { return sleeper.end(.failure(CancellationError())) }
                timeline.after(max(.zero, (end - local) / rate)) { sleeper.end(.success(())) }
            }
        } onCancel: {
            sleeper.end(.failure(CancellationError()))
        }
    }

    /// Starts work in this process.
    func start(_ work: @escaping @Sendable () async -> Void) {
        let (executor, timeline) = (executor, timeline)
        let task = Task(executorPreference: executor) {
            await Surroundings.$executor.withValue(executor) {
                await Surroundings.$pause.withValue({ try await self.sleep(self.local + $0 * timeline.chance()) }) {
                    await work()
                }
            }
        }
        state.withLock { $0.task = task }
    }

    /// Runs a node until the process is stopped, with new attempts as a supervisor makes them.
    func startNode(
        _ runners: [any JobRunner], _ options: ClusterNode.Options,
        report: @escaping @Sendable (ClusterEvent) -> Void
    ) {
        start { [self] in
            while !Task.isCancelled {
                do {
                    let node = try await ClusterNode.open(
                        storage, node: name, runners: runners, options, clock: clock, report: report)
                    state.withLock { $0.node = node }
                    try await node.run()
                    return
                } catch { state.withLock { $0.trouble.append("\(error)") } }
                try? await clock.sleep(local + .seconds(5))
            }
        }
    }

    var node: ClusterNode? { state.withLock(\.node) }
    var trouble: [String] { state.withLock(\.trouble) }
    var isOver: Bool { state.withLock(\.isOver) }
    var isRunning: Bool { state.withLock { !$0.isOver && $0.pausedAt == nil } }
    /// Whether the node plans, by its own belief: also while it is paused.
    var holdsLease: Bool { node?.lease?.isHeld ?? false }

    func pause() {
        executor.halt()
        let now = timeline.now
        state.withLock { $0.pausedAt = $0.pausedAt ?? now }
    }

    func resume() {
        if isOver { return }
        let now = timeline.now
        state.withLock { state in
            if let pausedAt = state.pausedAt { state.pausedFor += now - pausedAt }
            state.pausedAt = nil
        }
        executor.resume()
    }

    /// Asks it to stop, as a signal does.
    func stop() { state.withLock(\.task)?.cancel() }

    /// Takes it away from one moment to the next: nothing of it runs any more.
    func kill() {
        executor.halt()
        state.withLock { $0.isOver = true }
    }

    /// Lets what is left of its tasks end, without any effect.
    func clear() {
        storage.shut()
        state.withLock { $0.isOver = true }
        stop()
        executor.resume()
    }
}

/// Wakes once, whoever comes first.
private final class Sleeper: Sendable {
    private struct State: Sendable {
        var continuation: UnsafeContinuation<Void, any Error>?
        var result: Result<Void, any Error>?
    }

    private let state = Mutex(State())

    func begin(_ continuation: UnsafeContinuation<Void, any Error>) {
        let result = state.withLock { state in
            if state.result == nil { state.continuation = continuation }
            return state.result
        }
        if let result { continuation.resume(with: result) }
    }

    func end(_ result: Result<Void, any Error>) {
        let continuation = state.withLock { state -> UnsafeContinuation<Void, any Error>? in
            if state.result != nil { return nil }
            state.result = result
            return state.continuation.take()
        }
        continuation?.resume(with: result)
    }
}

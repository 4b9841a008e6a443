internal import Synchronization

/// Which of a node's work is the oldest that still runs, counted in heartbeats.
///
/// By it others know that a node has ended all work that it began before something changed, such as the root of a feed.
public final class WorkTracker: Sendable {
    private struct State {
        var beats: Int64 = 0
        /// How much runs of what began after so many heartbeats. One entry a heartbeat at the most.
        var running: [Int64: Int] = [:]
    }

    private let state = Mutex(State())

    /// Nothing runs yet.
    public init() {}

    /// Runs a piece of work: a request, or a shard of a job.
    public func during<Value, Failure: Error>(
        _ work: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let mark = begin()
        defer { end(mark) }
        return try await work()
    }

    /// Work begins. For who cannot use ``during(_:)``.
    /// - Returns: what ``end(_:)`` is told when it has ended.
    public func begin() -> Int64 {
        state.withLock { state in
            state.running[state.beats, default: 0] += 1
            return state.beats
        }
    }

    /// Work has ended.
    public func end(_ mark: Int64) {
        state.withLock { state in
            let left = (state.running[mark] ?? 0) - 1
            state.running[mark] = left > 0 ? left : nil
        }
    }

    /// A heartbeat was stored, the `number`th of this process.
    func note(beat number: Int64) { state.withLock { $0.beats = number } }

    /// After how many heartbeats the oldest work began that runs now; where nothing runs, how many there were.
    var oldest: Int64 { state.withLock { $0.running.keys.min() ?? $0.beats } }
}

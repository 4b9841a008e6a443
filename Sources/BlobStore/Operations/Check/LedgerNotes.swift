internal import Synchronization

/// Collects what a check has verified, and writes it into the feed's ledger now and then.
final class LedgerNotes: Sendable {
    private static let interval = Duration.seconds(60)

    private struct State: Sendable {
        var times: [String: Timestamp] = [:]
        var written = ContinuousClock.now
    }

    private let storage: any Storage
    private let state = Mutex(State())

    init(_ storage: any Storage) {
        self.storage = storage
    }

    /// - Parameter time: when the verification began.
    func add(_ shards: [Int], _ time: Timestamp) async throws(StoreError) {
        let isDue = state.withLock { state in
            for shard in shards { state.times[CheckLedger.name(shard)] = time }
            return state.written.duration(to: .now) >= Self.interval
        }
        if isDue { try await write() }
    }

    /// Writes what is not written yet. A root that takes no writes is checked without.
    func write() async throws(StoreError) {
        let times = state.withLock { state in
            defer {
                state.times = [:]
                state.written = .now
            }
            return state.times
        }
        do throws(StoreError) { try await CheckLedger.add(times, to: storage) } catch
            where
            error.code == .readOnly || error.code == .permissionDenied
        {}
    }
}

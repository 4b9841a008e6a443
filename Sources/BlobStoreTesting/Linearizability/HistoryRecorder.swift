import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Collects operations of several clients.
public final class HistoryRecorder: Sendable {
    private let state = Mutex<[RegisterOperation]>([])
    private let journal: @Sendable (RegisterOperation) -> Void

    /// - Parameter journal: told of each operation before it begins, as one whose outcome is unknown, and again after
    ///   it; so that what a process was at when it was killed is known.
    public init(journal: @escaping @Sendable (RegisterOperation) -> Void = { _ in }) {
        self.journal = journal
    }

    /// What was recorded so far, in the order in which the operations ended.
    public var operations: [RegisterOperation] { state.withLock { $0 } }

    /// Records an operation: when it began and ended is measured around `work`, which says what came of it.
    public func record(
        _ client: String, _ action: RegisterOperation.Action,
        _ work: () async -> RegisterOperation.Outcome
    ) async {
        let begunAt = monotonicNanoseconds()
        var operation = RegisterOperation(
            client: client, action: action, outcome: .unknown, begunAt: begunAt, endedAt: begunAt)
        journal(operation)
        operation.outcome = await work()
        operation.endedAt = monotonicNanoseconds()
        journal(operation)
        state.withLock { [operation] in $0.append(operation) }
    }

    /// The operations of journals that hold one ``RegisterOperation/line`` a line: each as it was last told. A last
    /// line that was cut off by the death of its writer is left out.
    public static func operations(ofJournal lines: some Sequence<some StringProtocol>) -> [RegisterOperation] {
        var last: [String: RegisterOperation] = [:]
        for line in lines {
            guard let operation = RegisterOperation(line: line) else { continue }
            last["\(operation.client) \(operation.begunAt)"] = operation
        }
        return last.values.sorted { ($0.begunAt, $0.client) < ($1.begunAt, $1.client) }
    }
}

/// A clock that only grows and that all processes of this machine share.
/// - Source: clock_gettime(2), CLOCK_MONOTONIC.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

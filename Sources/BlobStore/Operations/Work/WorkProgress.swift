internal import Synchronization

/// How far an operation has come, for people to look at.
public struct WorkProgress: Sendable, Equatable {
    /// What is being done, e.g. `reading records`.
    public var phase: String
    /// Things done, and how many there are where that is known.
    public var items: Int64
    public var itemsTotal: Int64?
    /// Bytes done, and how many there are where that is known.
    public var bytes: Int64
    public var bytesTotal: Int64?

    public init(_ phase: String, items: Int64 = 0, itemsTotal: Int64? = nil, bytes: Int64 = 0, bytesTotal: Int64? = nil)
    {
        self.phase = phase
        self.items = items
        self.itemsTotal = itemsTotal
        self.bytes = bytes
        self.bytesTotal = bytesTotal
    }
}

/// Counts what tasks of an operation do side by side.
final class WorkCounter: Sendable {
    private let progress: Mutex<WorkProgress>
    private let report: @Sendable (WorkProgress) -> Void

    init(_ phase: String, _ report: @escaping @Sendable (WorkProgress) -> Void) {
        progress = Mutex(WorkProgress(phase))
        self.report = report
    }

    func begin(_ phase: String, itemsTotal: Int64? = nil, bytesTotal: Int64? = nil) {
        update { $0 = WorkProgress(phase, itemsTotal: itemsTotal, bytesTotal: bytesTotal) }
    }

    /// Says how much there will be in this phase, once that is known.
    func expect(items: Int64, bytes: Int64? = nil) {
        update {
            $0.itemsTotal = items
            $0.bytesTotal = bytes
        }
    }

    func add(items: Int64 = 0, bytes: Int64 = 0) {
        update {
            $0.items += items
            $0.bytes += bytes
        }
    }

    private func update(_ change: (inout WorkProgress) -> Void) {
        let now = progress.withLock { progress in
            change(&progress)
            return progress
        }
        report(now)
    }
}

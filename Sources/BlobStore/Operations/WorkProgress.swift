internal import Synchronization

/// How far an operation has come, for people to look at.
public struct WorkProgress: Sendable, Equatable {
    /// What is being done, e.g. `reading records`.
    public var phase: String
    /// Things done, and how many there are where that is known.
    public var items: Int64
    /// How many items there are in all; nil while that is unknown.
    public var itemsTotal: Int64?
    /// Bytes done, and how many there are where that is known.
    public var bytes: Int64
    /// How many bytes there are in all; nil while that is unknown.
    public var bytesTotal: Int64?

    /// Progress in a phase of the work.
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
            $0.bytes.add(stated: bytes)
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

/// What passes of one item of an operation, so that a large one is seen to move before it is done.
final class ItemCount: Sendable {
    private let counter: WorkCounter
    private let passed = Mutex<Int64>(0)

    init(_ counter: WorkCounter) {
        self.counter = counter
    }

    /// Some bytes have passed; fewer than none where they are going to pass again.
    func pass(_ bytes: Int64) {
        passed.withLock { $0 += bytes }
        counter.add(bytes: bytes)
    }

    /// The item is done, and this is what counts of it: its size, or nothing where it failed.
    func finish(_ bytes: Int64) {
        counter.add(items: 1, bytes: bytes - passed.withLock { $0 })
    }
}

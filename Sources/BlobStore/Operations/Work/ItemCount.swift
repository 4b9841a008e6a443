internal import Synchronization

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

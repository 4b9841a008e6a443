internal import Synchronization

/// How far a single-pass reader has come.
package final class Position: Sendable {
    private let offset = Mutex(0)

    package init() {}

    /// Moves on by up to `step`, and returns where it stood before.
    package func advance(by step: Int, upTo end: Int) -> Int {
        offset.withLock { offset in
            let start = offset
            offset = min(offset + step, end)
            return start
        }
    }
}

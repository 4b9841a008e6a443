import BlobSystem
import TestSupport

/// Counts what happens on several threads.
final class Counter: Sendable {
    private let count = Monitor(0)
    var value: Int { count.withLock { $0 } }
    func next() -> Int {
        count.withLock {
            $0 += 1; return $0
        }
    }
    func reset() { count.withLock { $0 = 0 } }
}

extension TemporaryFolder {
    /// Makes an empty file.
    func touch(_ name: String) throws {
        let calls = LinuxCalls()
        try calls.close(calls.open(path: path + "/" + name, [.writeOnly, .create], mode: 0o644))
    }
}

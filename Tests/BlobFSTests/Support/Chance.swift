import BlobSystem

/// A generator that a seed determines.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

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

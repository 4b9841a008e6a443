import BlobStoreTesting
import BlobSystem

extension InterceptedCalls {
    /// The kernel's calls, some of which are held up before or after they are made, so that others get in between.
    static func heldUp(seed: UInt64) -> InterceptedCalls {
        let random = Monitor(SeededGenerator(seed: seed))
        let holdUp: @Sendable (Call) throws(Errno) -> Void = { (_) throws(Errno) in
            let microseconds = random.withLock { random in
                UInt8.random(in: 0..<8, using: &random) == 0 ? UInt32.random(in: 1...400, using: &random) : 0
            }
            if microseconds > 0 { LinuxCalls().pause(microseconds: microseconds) }
        }
        var calls = InterceptedCalls()
        calls.before = holdUp
        calls.after = holdUp
        return calls
    }
}

import BlobStore
import Synchronization

/// A time that jumps to the moment at which a sleeper wants to wake.
final class JumpingTime: Sendable {
    private let time = Mutex(Duration.seconds(100))
    private let onSleep: @Sendable () async -> Void

    /// - Parameter onSleep: what others do while somebody sleeps.
    init(onSleep: @escaping @Sendable () async -> Void = {}) { self.onSleep = onSleep }

    var now: Duration { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }

    var clock: NodeClock {
        NodeClock(
            now: { self.now },
            sleep: { end in
                await self.onSleep()
                self.time.withLock { $0 = max($0, end) }
            },
            chance: { 0.5 }, date: { Timestamp(seconds: 1_800_000_000 + self.now.components.seconds) })
    }
}

internal import BlobSystem
internal import ObjectStorage

/// Clocks, chance and waiting, so that tests can put their own in their place.
package struct Pacing: Sendable {
    /// By this machine's calendar.
    package var wallTime: @Sendable () -> UTCTime
    /// A clock that only grows.
    package var now: @Sendable () -> Duration
    /// From 0 to 1.
    package var random: @Sendable () -> Double
    /// Throws where the task was cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        wallTime: @escaping @Sendable () -> UTCTime, now: @escaping @Sendable () -> Duration,
        random: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.wallTime = wallTime
        self.now = now
        self.random = random
        self.sleep = sleep
    }

    /// The machine's.
    package static let real = Pacing(
        wallTime: { UTCTime(LinuxCalls().wallTime) }, now: { LinuxCalls().timeSinceBoot },
        random: { .random(in: 0...1) }, sleep: { try await Task.sleep(for: $0) })
}

extension UTCTime {
    fileprivate init(_ time: FileTime) {
        self.init(milliseconds: time.seconds * 1_000 + time.nanoseconds / 1_000_000)
    }
}

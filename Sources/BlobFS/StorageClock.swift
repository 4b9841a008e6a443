internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// The time by the filesystem's own clock, which on a share is the server's.
///
/// It is read off a file of one's own that was just written, and carried on by this machine's monotonic clock for a
/// bounded time; so neither a wrong nor a stepping wall clock changes an age by more than that measurement did.
final class StorageClock: Sendable {
    private static let validity: Duration = .seconds(60)

    private struct Reading {
        /// What the filesystem's clock showed when this machine had been up for no time.
        var atBoot: FileTime
        var taken: Duration
    }

    private let calls: any SystemCalls
    private let reading = Mutex<Reading?>(nil)

    init(calls: any SystemCalls) { self.calls = calls }

    /// Takes a reading: `status` is that of a file which was written just now.
    func set(by status: FileStatus) {
        let up = calls.timeSinceBoot
        reading.withLock { $0 = Reading(atBoot: status.modified.moved(by: .zero - up), taken: up) }
    }

    /// Where nothing can be written this machine's own clock has to do.
    func setByThisMachine() {
        let up = calls.timeSinceBoot
        let atBoot = calls.wallTime.moved(by: .zero - up)
        reading.withLock { $0 = Reading(atBoot: atBoot, taken: up) }
    }

    /// The time; nil when a reading is due.
    var now: FileTime? {
        let up = calls.timeSinceBoot
        return reading.withLock { reading in
            guard let reading, up - reading.taken < Self.validity else { return nil }
            return reading.atBoot.moved(by: up)
        }
    }
}

extension FileTime {
    func moved(by time: Duration) -> FileTime {
        let (seconds, attoseconds) = time.components
        let nanoseconds = self.nanoseconds + attoseconds / 1_000_000_000
        let carry = (nanoseconds >= 1_000_000_000 ? 1 : 0) - (nanoseconds < 0 ? 1 : 0)
        return FileTime(
            seconds: self.seconds + seconds + Int64(carry),
            nanoseconds: nanoseconds - Int64(carry) * 1_000_000_000)
    }
}

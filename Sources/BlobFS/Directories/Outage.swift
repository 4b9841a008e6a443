internal import BlobSystem
internal import ObjectStorage

/// How long work waits for a file server that cannot be reached, as while it restarts.
///
/// An NFS mount with default options waits by itself, and for ever. An SMB mount gives up after some ten seconds, and
/// each call then fails with EHOSTDOWN or the like until the server is back.
///
/// *Bounds*: so long from the first failure on, with pauses from a quarter of a second to four seconds.
struct Outage {
    private static let longestPause: Duration = .seconds(4)

    private let patience: Duration
    private var end: ContinuousClock.Instant?
    private var pause: Duration = .milliseconds(250)

    /// - Parameter patience: zero where nobody else's machine can be away.
    init(of storage: FileStorage) {
        patience = storage.root.directory.filesystem.isShared ? storage.outage : .zero
    }

    /// Waits before another try.
    /// - Throws: `error` unless it says that the server is away and nothing was done; or when that took too long;
    ///   `cancelled`.
    mutating func wait(or error: StoreError) async throws(StoreError) {
        guard error.isAway else { throw error }
        let now = ContinuousClock.now
        let end = end ?? now + patience
        self.end = end
        guard now + pause < end else { throw error }
        do { try await Task.sleep(for: pause) } catch {
            throw StoreError(.cancelled, "cancelled while waiting for the file server")
        }
        pause = min(pause * 2, Self.longestPause)
    }
}

extension StoreError {
    /// Whether a file server could not be reached by a call that can be made again: neither a flush, which would seem
    /// to succeed the second time, nor what may have changed a record.
    var isAway: Bool {
        guard code == .unavailable, case .errno(let errno, let call) = cause else { return false }
        return call != "fsync" && Errno(rawValue: errno).isOfAbsentServer
    }
}

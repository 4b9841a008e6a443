internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// Sees to it that a root's path still leads to the root that is open, and opens it anew when it was mounted anew.
///
/// What is read is from a place that was looked at less than a second ago; what is reported done is where the path
/// leads after it was done. A place that the path leads to now is used only if the anchor, which says which root it
/// is, stands there as it stood before.
final class MountGuard: Sendable {
    private static let trust: Duration = .seconds(1)
    private static let looksAtAbsent = 40

    private struct State {
        var root: OpenRoot
        /// When the path was last seen to lead there, as time since boot; nil when that is in doubt.
        var seen: Duration?
        var anchor: (key: Key, bytes: [UInt8])?
    }

    private let state: Mutex<State>

    init(_ root: OpenRoot) {
        state = Mutex(State(root: root, seen: root.calls.timeSinceBoot))
    }

    var root: OpenRoot { state.withLock { $0.root } }

    func anchor(to key: Key, _ bytes: [UInt8]) {
        state.withLock { $0.anchor = (key, bytes) }
    }

    /// Runs `body` in the root, more than once when the server has forgotten it.
    /// - Parameter changes: whether it changes what others see.
    /// - Throws: `wrongRoot` when the path leads elsewhere; `outcomeUnknown` when it does after something was changed.
    func run<Value>(
        changes: Bool, _ body: (OpenRoot) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        var isSecond = false
        while true {
            do throws(StoreError) {
                let root = try trusted()
                let value = try root.steadily(body)
                if changes { try expectInPlace(root) }
                return value
            } catch {
                guard !isSecond, error.code == .wrongRoot || error.isStale else { throw error }
                // Nothing was changed by then. It may have been mounted anew.
                doubt()
                isSecond = true
            }
        }
    }

    /// Makes sure that the path leads to the root, whenever that was last looked at.
    /// - Throws: `wrongRoot`.
    func check() throws(StoreError) {
        _ = try inPlace(root, isThorough: true)
    }

    private func trusted() throws(StoreError) -> OpenRoot {
        let (root, seen) = state.withLock { ($0.root, $0.seen) }
        if let seen, root.calls.timeSinceBoot - seen < Self.trust { return root }
        return try inPlace(root, isThorough: false)
    }

    private func inPlace(_ root: OpenRoot, isThorough: Bool) throws(StoreError) -> OpenRoot {
        do throws(StoreError) {
            let now = root.calls.timeSinceBoot
            try root.directory.checkLocation(isThorough: isThorough)
            state.withLock { if $0.root === root { $0.seen = now } }
            return root
        } catch {
            doubt()
            guard error.code == .wrongRoot || error.isStale else { throw error }
            return try opened(insteadOf: root, error)
        }
    }

    private func opened(insteadOf former: OpenRoot, _ reason: StoreError) throws(StoreError) -> OpenRoot {
        let (root, anchor) = state.withLock { ($0.root, $0.anchor) }
        if root !== former { return root }
        guard let anchor else { throw reason }
        let directory = former.directory
        let fresh: OpenRoot
        do {
            fresh = try OpenRoot(
                directory.path, calls: directory.calls, lanes: directory.lanes, failures: former.flusher.failures)
        } catch {
            throw error.code == .notFound || error.code == .invalidArgument ? reason : error
        }
        guard case .success(let found?)? = fresh.read([anchor.key]).first, found.bytes == anchor.bytes else {
            throw StoreError(
                .wrongRoot,
                "\(directory.path.text) no longer holds the root that was opened; was it unmounted, or another mounted?",
                cause: reason.cause)
        }
        return state.withLock { state in
            // Another thread may have been faster.
            if state.root === former {
                state.root = fresh
                state.seen = fresh.calls.timeSinceBoot
            }
            return state.root
        }
    }

    private func expectInPlace(_ root: OpenRoot) throws(StoreError) {
        do throws(StoreError) {
            let now = root.calls.timeSinceBoot
            try lookSteadily(root)
            state.withLock { if $0.root === root { $0.seen = now } }
        } catch {
            doubt()
            throw StoreError(
                .outcomeUnknown,
                "what was written may not be where \(root.directory.path.text) leads now (\(error.message)); look, and run the "
                    + "same command again", cause: error.cause)
        }
    }

    /// What was done is done: a server that goes away just now is waited for, so that it can be told.
    private func lookSteadily(_ root: OpenRoot) throws(StoreError) {
        for _ in 0..<Self.looksAtAbsent {
            do { return try root.directory.checkLocation(isThorough: false) } catch {
                guard error.isAway, root.directory.filesystem.isShared else { throw error }
                root.calls.pause(microseconds: 500_000)
            }
        }
        try root.directory.checkLocation(isThorough: false)
    }

    private func doubt() { state.withLock { $0.seen = nil } }
}

// MARK: - A server that is away

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

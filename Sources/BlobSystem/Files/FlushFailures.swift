internal import Synchronization

/// What came of a flush of a folder that did not fail.
package enum FolderFlush: Equatable, Sendable {
    /// The names in it survive a power cut.
    case durable
    /// The mount knows no flush of folders: its server writes names through.
    case writtenThrough(Errno)
    /// An earlier flush failed, and what is asked about may be what that one lost.
    case inDoubt
}

/// Flushes folders, and remembers which flushes have failed in this process.
///
/// The kernel reports an error once: the next flush of the same folder succeeds although what the failed one covered
/// may never reach the disk. So a flush that succeeds proves something only about what was done since the last one
/// that failed.
///
/// *Bounds*: so many folders are told apart; beyond that all are suspect.
package final class FlushFailures: Sendable {
    /// What all work of this process shares, for its whole life, whichever way it came to a folder.
    package static let ofThisProcess = FlushFailures()
    private static let maximumFolders = 4_096

    private struct State {
        var byFolder: [FileStatus.Identity: Int] = [:]
        var ofAll = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether any flush has failed; most processes never see one.
    package var hasAny: Bool { state.withLock { !$0.byFolder.isEmpty || $0.ofAll > 0 } }

    /// How many flushes of a folder had failed when a change of it began.
    package struct Mark: Equatable, Sendable {
        fileprivate var ofFolder = 0
        fileprivate var ofAll = 0

        /// For what was found there: any flush that ever failed may have been the one that covered it.
        package static let found = Mark()
    }

    /// Taken before a name in a folder is made, changed or taken away.
    package func mark(_ folder: FileStatus.Identity) -> Mark {
        state.withLock { Mark(ofFolder: $0.byFolder[folder] ?? 0, ofAll: $0.ofAll) }
    }

    /// For a file, of which only failed flushes of the whole filesystem count: its own end it.
    package func markOfFile() -> Mark { state.withLock { Mark(ofAll: $0.ofAll) } }

    /// Makes the names in a folder durable: the only way to flush one by itself, so that no failure is forgotten.
    /// - Parameters:
    ///   - mark: taken before the change; `.found` for what somebody else did, or who knows when.
    ///   - sync: flushes the folder, by itself or together with others.
    /// - Throws: why the flush failed. It counts from now on.
    /// - Source: fsync(2).
    package func flush(
        _ folder: FileStatus.Identity, since mark: Mark, by sync: () throws(Errno) -> Void
    ) throws(Errno) -> FolderFlush {
        do { try sync() } catch {
            if error == .invalidArgument || error == .notSupported { return .writtenThrough(error) }
            add(folder)
            throw error
        }
        return self.mark(folder) == mark ? .durable : .inDoubt
    }

    private func add(_ folder: FileStatus.Identity) {
        state.withLock { state in
            if state.byFolder.count >= Self.maximumFolders && state.byFolder[folder] == nil { return state.ofAll += 1 }
            state.byFolder[folder, default: 0] += 1
        }
    }

    /// A flush of a whole filesystem failed, and nobody knows whom it failed for: whoever makes one says so.
    package func addAll() { state.withLock { $0.ofAll += 1 } }
}

extension SystemCalls {
    /// Changes names in an open folder that is in no root, and makes the change durable.
    /// - Throws: what `change` throws; why the flush failed; `inputOutput` where an earlier one leaves it in doubt.
    package func durably<Value>(
        in folder: Int32, _ failures: FlushFailures = .ofThisProcess, _ change: () throws(Errno) -> Value
    ) throws(Errno) -> Value {
        let identity = try status(of: folder).identity
        let mark = failures.mark(identity)
        let value = try change()
        let flush = try failures.flush(identity, since: mark) { () throws(Errno) in try sync(folder) }
        if flush == .inDoubt { throw Errno.inputOutput }
        return value
    }
}

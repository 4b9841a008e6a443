internal import BlobSystem

/// Lets those who want the same folder flushed share a flush that begins after they asked.
final class FolderFlushes: Sendable {
    /// The flushes of one folder, numbered from 1.
    private struct Rounds {
        var begun = 0
        var ended = 0
        var isRunning = false
        var users = 0
        var failures: [Int: Errno] = [:]
        let changed = Signal()
    }

    private enum Turn {
        case run(round: Int)
        case ended(Errno?)
    }

    private let folders = Monitor<[FileStatus.Identity: Rounds]>([:])

    func share(_ folder: FileStatus.Identity, _ flush: () throws(Errno) -> Void) throws(Errno) {
        let (needed, changed) = folders.withLock { folders in
            var rounds = folders[folder] ?? Rounds()
            rounds.users += 1
            folders[folder] = rounds
            // One that is running may have begun before our change.
            return (rounds.begun + 1, rounds.changed)
        }
        defer { leave(folder) }
        switch turn(folder, needed, changed) {
        case .ended(let failure): if let failure { throw failure }
        case .run(let round):
            var failure: Errno?
            do { try flush() } catch { failure = error }
            end(folder, round, failure)
            if let failure { throw failure }
        }
    }

    private func turn(_ folder: FileStatus.Identity, _ needed: Int, _ changed: Signal) -> Turn {
        let turn: Turn? = folders.wait(for: changed) { folders in
            guard let rounds = folders[folder] else { return .ended(.inputOutput) }
            if rounds.ended >= needed { return .ended(rounds.failures[needed]) }
            if rounds.isRunning { return nil }
            folders[folder]?.begun += 1
            folders[folder]?.isRunning = true
            return .run(round: rounds.begun + 1)
        }
        return turn ?? .ended(.inputOutput)
    }

    private func end(_ folder: FileStatus.Identity, _ round: Int, _ failure: Errno?) {
        folders.withLock { folders in
            folders[folder]?.isRunning = false
            folders[folder]?.ended = round
            if let failure { folders[folder]?.failures[round] = failure }
            folders[folder]?.changed.wakeAll()
        }
    }

    private func leave(_ folder: FileStatus.Identity) {
        folders.withLock { folders in
            folders[folder]?.users -= 1
            if folders[folder]?.users == 0 { folders[folder] = nil }
        }
    }
}

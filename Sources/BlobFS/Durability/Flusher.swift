internal import BlobSystem
internal import ObjectStorage

/// Makes files and folders survive a power cut.
///
/// Called on blocking threads. Flushes that are asked for at the same time are merged: those of one folder by
/// ``FolderFlushes``, those of one disk by ``GroupCommit``. A flush that failed is never made good by another one: see
/// `FlushFailures`.
final class Flusher: Sendable {
    let failures: FlushFailures
    private let folders: FolderFlushes
    private let group: GroupCommit

    init(_ directory: RootDirectory, _ failures: FlushFailures) {
        self.failures = failures
        group = GroupCommit(directory, failures)
        folders = FolderFlushes(group)
    }

    /// Taken before a file is written.
    func markOfFile() -> FlushFailures.Mark { failures.markOfFile() }

    /// Taken before a name in a folder is made, changed or taken away.
    func mark(_ folder: OpenFile) throws(StoreError) -> FlushFailures.Mark {
        do { return failures.mark(try folder.identity()) } catch {
            throw StoreError(error, call: "fstat", folder.subject)
        }
    }

    /// Makes a file's content and size durable.
    /// - Parameter mark: taken before it was written.
    /// - Throws: the error of its write-back. It is final for this file: a second flush would report success. Where a
    ///   server has forgotten the file or is away, the same bytes can go into another one (`isStagingLost`).
    func flush(file: OpenFile, since mark: FlushFailures.Mark) throws(StoreError) {
        try expectDurable(file, since: mark, Result { () throws(Errno) in try group.flush(file) })
    }

    /// The same for many files, on a local disk by one flush of all of it.
    /// - Returns: one result for each, in the same order.
    func flush(files: [(file: OpenFile, mark: FlushFailures.Mark)]) -> [Result<Void, StoreError>] {
        zip(files, group.flush(files.map(\.file))).map { file, flush in
            Result { () throws(StoreError) in try expectDurable(file.file, since: file.mark, flush) }
        }
    }

    private func expectDurable(
        _ file: OpenFile, since mark: FlushFailures.Mark, _ flush: Result<Void, Errno>
    ) throws(StoreError) {
        do { try flush.get() } catch {
            let failure = StoreError(error, call: "fsync", file.subject)
            throw error.isForgotten || error.isOfAbsentServer ? failure.under(.stagingLost) : failure
        }
        if failures.markOfFile() != mark { throw Self.doubt(file) }
    }

    /// Makes the names in a folder durable.
    /// - Parameter mark: taken before the change; `.found` for what somebody else did, or who knows when.
    /// - Throws: why the flush failed; `outcomeUnknown` when it succeeded, but one since the mark did not.
    func flush(folder: OpenFile, since mark: FlushFailures.Mark) throws(StoreError) {
        if try sync(folder, since: mark) == .inDoubt { throw Self.doubt(folder) }
    }

    /// The same for many folders, on a local disk by one flush of all of it.
    /// - Returns: one result for each, in the same order.
    func flush(folders: [(folder: OpenFile, mark: FlushFailures.Mark)]) -> [Result<Void, StoreError>] {
        guard group.isWorthwhile(for: folders.count) else {
            return folders.map { folder in
                Result { () throws(StoreError) in try flush(folder: folder.folder, since: folder.mark) }
            }
        }
        do throws(Errno) {
            let identities = try folders.map { folder throws(Errno) in try folder.folder.identity() }
            try group.flushAll()
            return zip(folders, identities).map { folder, identity in
                failures.mark(identity) == folder.mark ? .success(()) : .failure(Self.doubt(folder.folder))
            }
        } catch {
            return folders.map { .failure(StoreError(error, call: "syncfs", $0.folder.subject)) }
        }
    }

    /// The same, for those who can do something about a doubt.
    /// - Returns: `inDoubt` when the flush succeeded, but one since the mark did not.
    func sync(_ folder: OpenFile, since mark: FlushFailures.Mark) throws(StoreError) -> FolderFlush {
        do throws(Errno) {
            let identity = try folder.identity()
            return try failures.flush(identity, since: mark) { () throws(Errno) in
                try folders.flush(folder, identity)
            }
        } catch {
            throw StoreError(error, call: "fsync", folder.subject)
        }
    }

    /// What a flush of the folder is refused with; nil when it makes names durable.
    func refusal(toFlush folder: OpenFile) throws(StoreError) -> Errno? {
        let mark = try mark(folder)
        do throws(StoreError) {
            return if case .writtenThrough(let errno) = try sync(folder, since: mark) { errno } else { nil }
        } catch {
            return error.errno ?? .inputOutput
        }
    }

    /// Says that what was flushed may not survive a power cut all the same.
    static func doubt(_ file: OpenFile) -> StoreError {
        StoreError(
            .outcomeUnknown,
            "\(file.subject): an earlier flush failed, and what it covered may not survive a power cut; check the "
                + "disk, then restart this program and do the same again", cause: .other("an earlier flush failed")
        ).under(.flushFailed)
    }
}

// MARK: - Flushes that are shared

/// Pays for one flush of a disk where several are asked for at the same time.
///
/// On a local filesystem, when several flushes are running and at least eight more wait, one of the waiting does a
/// single `syncfs` for all of them: the disk's own flush is what costs, and it is then paid once. Each file is asked
/// for its own write-back error afterwards, since another's `syncfs` may have consumed what the filesystem had to
/// report. Who has written many files asks for such a flush by itself, and takes those along that wait. Elsewhere each
/// file is flushed by itself.
final class GroupCommit: Sendable {
    private static let alone = 4
    private static let together = 8

    /// One request, and what its thread is to do when it is woken.
    private final class Request: @unchecked Sendable {  // Touched under the monitor alone.
        enum Part { case wait, flushAlone, leadGroup([Request]), checkOwn, failed(Errno), done }
        let wake = Signal()
        let fileCount: Int
        var part = Part.wait

        init(fileCount: Int = 1) { self.fileCount = fileCount }
    }

    private struct State {
        var running = 0
        var isGroupRunning = false
        var waiting: [Request] = []
    }

    private let directory: RootDirectory
    private let failures: FlushFailures
    private let state = Monitor(State())

    init(_ directory: RootDirectory, _ failures: FlushFailures) {
        self.directory = directory
        self.failures = failures
    }

    /// Flushes a file or folder, alone or with others.
    /// - Source: fsync(2), syncfs(2).
    func flush(_ file: OpenFile, isFolder: Bool = false) throws(Errno) {
        guard directory.filesystem == .local else { return try directory.calls.sync(file.raw) }
        let request = Request()
        switch enter(request) {
        case .leadGroup(let group):
            try lead(group)
            if !isFolder { try directory.calls.awaitWriteBack(file.raw) }
        case .checkOwn: if !isFolder { try directory.calls.awaitWriteBack(file.raw) }
        case .failed(let error): throw error
        default:
            defer { leave() }
            try directory.calls.sync(file.raw)
        }
    }

    /// Whether so many are flushed by one flush of the disk.
    func isWorthwhile(for count: Int) -> Bool { directory.filesystem == .local && count >= Self.together }

    /// Flushes files that one thread has written, each by itself or all together.
    /// - Returns: one result for each, in the same order.
    func flush(_ files: [OpenFile]) -> [Result<Void, Errno>] {
        guard isWorthwhile(for: files.count) else {
            return files.map { file in Result { () throws(Errno) in try flush(file) } }
        }
        do { try flushAll() } catch { return files.map { _ in .failure(error) } }
        return files.map { file in Result { () throws(Errno) in try directory.calls.awaitWriteBack(file.raw) } }
    }

    /// Flushes the disk, for many files or folders of one thread, and for all others that wait.
    /// - Source: syncfs(2).
    func flushAll() throws(Errno) {
        switch enter(Request(fileCount: Self.together)) {
        case .leadGroup(let group): try lead(group)
        case .failed(let error): throw error
        default: break
        }
    }

    /// Ends a flush of one alone.
    private func leave() {
        state.withLock { state in
            state.running -= 1
            dispatch(&state)
        }
    }

    private func lead(_ group: [Request]) throws(Errno) {
        var failure: Errno?
        do { try directory.calls.syncFilesystem(of: directory.open.raw) } catch { failure = error }
        // Nobody knows whom it failed for, and the flushes of each would succeed by now: it failed for all.
        if failure != nil { failures.addAll() }
        state.withLock { state in
            state.isGroupRunning = false
            for request in group {
                request.part = if let failure { .failed(failure) } else { .checkOwn }
                request.wake.wakeOne()
            }
            dispatch(&state)
        }
        if let failure { throw failure }
    }

    /// Waits for the request's turn.
    private func enter(_ request: Request) -> Request.Part {
        let part: Request.Part? = state.wait(for: request.wake) { state in
            if case .wait = request.part {} else { return request.part }
            if state.waiting.contains(where: { $0 === request }) { return nil }
            if request.fileCount >= Self.together && !state.isGroupRunning {
                defer { state.waiting = [] }
                state.isGroupRunning = true
                return .leadGroup(state.waiting)
            }
            if state.running < Self.alone && !state.isGroupRunning && state.waiting.isEmpty {
                state.running += 1
                return .flushAlone
            }
            state.waiting.append(request)
            return nil
        }
        return part ?? .done
    }

    /// Gives parts to those who wait.
    private func dispatch(_ state: inout State) {
        if state.isGroupRunning { return }
        if state.waiting.reduce(0, { $0 + $1.fileCount }) >= Self.together {
            let leader = state.waiting.removeFirst()
            leader.part = .leadGroup(state.waiting)
            state.waiting = []
            state.isGroupRunning = true
            leader.wake.wakeOne()
            return
        }
        while state.running < Self.alone, !state.waiting.isEmpty {
            let next = state.waiting.removeFirst()
            next.part = .flushAlone
            state.running += 1
            next.wake.wakeOne()
        }
    }
}

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

    private let group: GroupCommit
    private let folders = Monitor<[FileStatus.Identity: Rounds]>([:])

    init(_ group: GroupCommit) { self.group = group }

    func flush(_ file: OpenFile, _ folder: FileStatus.Identity) throws(Errno) {
        let (needed, changed) = folders.withLock { folders in
            var rounds = folders[folder] ?? Rounds()
            rounds.users += 1
            folders[folder] = rounds
            // One that is running may have begun before our change.
            return (rounds.begun + 1, rounds.changed)
        }
        defer { leave(folder) }
        switch turn(folder, needed: needed, changed: changed) {
        case .ended(let failure): if let failure { throw failure }
        case .run(let round):
            var failure: Errno?
            do { try group.flush(file, isFolder: true) } catch { failure = error }
            end(folder, round: round, failure: failure)
            if let failure { throw failure }
        }
    }

    private func turn(_ folder: FileStatus.Identity, needed: Int, changed: Signal) -> Turn {
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

    private func end(_ folder: FileStatus.Identity, round: Int, failure: Errno?) {
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

internal import BlobStore
internal import BlobSystem

/// Makes files and folders survive a power cut, and merges what is asked for at the same time.
///
/// Called on blocking threads. On a local filesystem, when several flushes are running and at least eight more
/// wait, one of the waiting does a single `syncfs` for all of them: the disk's own flush is what costs, and it is
/// then paid once. Each file is asked for its own write-back error afterwards, since another's `syncfs` may have
/// consumed what the filesystem had to report. Elsewhere each file is flushed by itself.
final class Flusher: Sendable {
    private static let alone = 4
    private static let together = 8

    /// One request, and what its thread is to do when it is woken.
    private final class Request: @unchecked Sendable {  // Touched under the monitor alone.
        enum Part { case wait, flushAlone, leadGroup([Request]), checkOwn, done }
        let wake = Signal()
        var part = Part.wait
    }

    private struct State {
        var running = 0
        var isGroupRunning = false
        var waiting: [Request] = []
    }

    private let root: FileRoot
    private let folders = FolderFlushes()
    private let state = Monitor(State())

    init(root: FileRoot) { self.root = root }

    /// Makes a file's content and size durable.
    /// - Throws: the error of its write-back. It is final for this file: a second flush would report success.
    func flush(file: OpenFile) throws(StoreError) {
        do { try flush(file, isFolder: false) } catch { throw StoreError(error, call: "fsync", file.subject) }
    }

    /// Makes the names in a folder durable. Flushes of one folder that are asked for while one is running share the
    /// next one.
    func flush(folder: OpenFile) throws(StoreError) {
        let identity = try folder.status().identity
        do {
            try folders.share(identity) { () throws(Errno) in try flush(folder, isFolder: true) }
        } catch {
            // Some mounts know no flush of folders; their servers write names through.
            if error == .invalidArgument || error == .notSupported { return }
            throw StoreError(error, call: "fsync", folder.subject)
        }
    }

    private func flush(_ file: OpenFile, isFolder: Bool) throws(Errno) {
        guard root.filesystem == .local else { return try root.calls.sync(file.raw) }
        let request = Request()
        switch enter(request) {
        case .leadGroup(let group): try lead(group, file, isFolder)
        case .checkOwn: if !isFolder { try root.calls.awaitWriteBack(file.raw) }
        default: try flushAlone(file)
        }
    }

    private func flushAlone(_ file: OpenFile) throws(Errno) {
        defer {
            state.withLock { state in
                state.running -= 1
                dispatch(&state)
            }
        }
        try root.calls.sync(file.raw)
    }

    private func lead(_ group: [Request], _ file: OpenFile, _ isFolder: Bool) throws(Errno) {
        var isFlushed = true
        do { try root.calls.syncFilesystem(of: root.directory.raw) } catch { isFlushed = false }
        // When it failed nobody knows whom it failed for: each finds out by itself.
        state.withLock { state in
            state.isGroupRunning = false
            for request in group {
                request.part = isFlushed ? .checkOwn : .flushAlone
                if !isFlushed { state.running += 1 }
                request.wake.wakeOne()
            }
            if !isFlushed { state.running += 1 }
            dispatch(&state)
        }
        if !isFlushed { return try flushAlone(file) }
        if !isFolder { try root.calls.awaitWriteBack(file.raw) }
    }

    /// Waits for the request's turn.
    private func enter(_ request: Request) -> Request.Part {
        let part: Request.Part? = state.wait(for: request.wake) { state in
            if case .wait = request.part {} else { return request.part }
            if state.waiting.contains(where: { $0 === request }) { return nil }
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
        if state.waiting.count >= Self.together {
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

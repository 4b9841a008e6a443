internal import BlobSystem
public import ObjectStorage
internal import Synchronization

extension FileStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try key.expectObject()
        return try await blocking("statObject", key, lane: .reading) { (root, _) throws(StoreError) in
            try root.open(key).map { root.info($0.status) }
        }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        if source.size <= Int64(chunkSizeBytes) {
            let bytes = try await collect(source, key)
            return try await blocking("writeObject", key) { (root, _) throws(StoreError) in
                try root.write(key, bytes)
            }
        }
        let isThere = try await blocking("writeObject", key) { (root, _) throws(StoreError) in
            try root.refresh(key, size: source.size, mustMatch: true)
        }
        if isThere { return .present }
        for _ in 0..<OpenRoot.maximumReopenings {
            do { return try await stream(source, to: key) } catch { guard error.isStagingLost else { throw error } }
        }
        return try await stream(source, to: key)
    }

    private func stream(_ source: ObjectSource, to key: Key) async throws(StoreError) -> CommitOutcome {
        let staged = try await stageObject()
        var size: Int64 = 0
        for try await chunk in try await source.read() {
            size += Int64(chunk.count)
            try await staged.append(chunk)
        }
        try expect(size, of: source, key)
        return try await staged.commit(key)
    }

    private func collect(_ source: ObjectSource, _ key: Key) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in try await source.read() {
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            if Int64(bytes.count) > source.size { break }
        }
        try expect(Int64(bytes.count), of: source, key)
        return bytes
    }

    private func expect(_ size: Int64, of source: ObjectSource, _ key: Key) throws(StoreError) {
        if size == source.size { return }
        throw StoreError(
            .sourceFailed,
            "the content for \"\(key)\" has \(size) bytes instead of \(source.size), because it changed meanwhile"
        )
        .during("writeObject", key: key.text, root: address)
    }

    /// The staged file stands in `staging/`, so that a commit never copies.
    public func stageObject() async throws(StoreError) -> StagedObject {
        let staged = try await blocking("stageObject", lane: .writing) { (root, _) throws(StoreError) in
            try root.staging.create()
        }
        return StagedObject(FileUpload(staged, storage: self))
    }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try key.expectObject()
        return try await blocking("refreshObject", key) { (root, _) throws(StoreError) in
            try root.refresh(key, size: size)
        }
    }

    /// By one rename, so that at every moment the object has exactly one of the two names.
    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try key.expectObject()
        try destination.expectObject()
        try await blocking("moveObject", key) { (root, deadline) throws(StoreError) in
            try root.move(key, to: destination, deadline)
        }
    }

    /// Works from another directory on the same filesystem, decorated or not. A hard link shares the file and so its
    /// age; that is safe since objects never change. Where the other's account or modes forbid a link, the
    /// filesystem may be able to share the data instead.
    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await copy(from: source, key, to: destination, byLink: true)
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        try await blocking("removeObjects", extra: .changing(names: keys.count)) {
            (root, deadline) throws(StoreError) in root.remove(keys, deadline)
        }
    }
}

extension FileStorage: CloneableObjects {
    public func cloneObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) {
        _ = try await copy(from: source, key, to: destination, byLink: false)
    }

    /// Copies an object without moving its bytes, from another directory on the same filesystem, decorated or not.
    fileprivate func copy(
        from source: any Storage, _ key: Key, to destination: Key, byLink: Bool
    ) async throws(StoreError) -> CommitOutcome {
        let origin = try await origin(of: key, in: source, copiedTo: destination)
        let from = origin.storage.root
        return try await blocking("copyObject", destination) { (root, _) throws(StoreError) in
            try from.steadily { (from) throws(StoreError) in
                try root.copy(from: from, origin.key, to: destination, byLink: byLink)
            }
        }
    }
}

extension FileStorage: LinkableObjects {
    public func linkObject(_ key: Key, toPath path: String) async throws(StoreError) {
        try key.expectObject()
        try await blocking("linkObject", key) { (root, _) throws(StoreError) in try root.link(key, toPath: path) }
    }
}

// MARK: - An object on its way in

/// An object on its way into a root, in a staged file.
///
/// Small content stays in memory, so that a commit is one visit to a blocking thread, and can be repeated although the
/// staged file is gone. Larger content is written behind the caller's back, so that its reading and hashing overlap the
/// writing.
final class FileUpload: StagedUpload {
    private struct State {
        /// What was appended and is not yet on its way: at most one chunk.
        var pending: [UInt8] = []
        var size: Int64 = 0
        /// Final: what is staged is not what was appended.
        var failure: StoreError?
        /// Under which keys this very file was put.
        var keys: Set<Key> = []
        var staged: StagedFile?
    }

    private let storage: FileStorage
    private let writer: WriteBehind
    private let state: Mutex<State>

    init(_ staged: StagedFile, storage: FileStorage) {
        self.storage = storage
        writer = WriteBehind(staged, storage: storage)
        state = Mutex(State(staged: staged))
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        if chunk.isEmpty { return }
        let full = state.withLock { state -> [[UInt8]] in
            state.size += Int64(chunk.count)
            var full: [[UInt8]] = []
            if state.pending.count + chunk.count > chunkSizeBytes, !state.pending.isEmpty {
                full.append(state.pending)
                state.pending = []
            }
            if chunk.count >= chunkSizeBytes {
                full.append(chunk)
            } else if state.pending.isEmpty {
                state.pending = chunk
            } else {
                state.pending += chunk
            }
            return full
        }
        for chunk in full {
            try expectNoFailure()
            do { try await writer.add(chunk) } catch { throw remembered(error) }
        }
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        try expectNoFailure()
        let published: Result<CommitOutcome?, StoreError>
        do throws(StoreError) {
            try await writer.drain()
            let (staged, pending, size) = try state.withLock { state throws(StoreError) in
                guard let staged = state.staged else { throw StoreError(.failed, "the staged object was discarded") }
                return (staged, state.pending, state.size)
            }
            published = try await storage.blocking("commit", key, extra: .flushing(bytes: size)) {
                (root, _) throws(StoreError) in
                try root.commit(staged, rest: pending, size: size, key)
            }
        } catch { throw remembered(error) }
        let outcome = try published.get()
        return state.withLock { state in
            if outcome == .created { state.keys.insert(key) }
            return outcome ?? (state.keys.contains(key) ? .present : .created)
        }
    }

    func discard() async {
        guard let staged = takeStaged() else { return }
        _ = try? await storage.blocking("discard", lane: .writing) { (_, _) throws(StoreError) in
            try staged.removeName()
        }
    }

    func abandon() {
        guard let staged = takeStaged() else { return }
        // A name that stays is stale staging, which is listed as an upload in flight.
        storage.begin("discard", lane: .writing) { (_, _) throws(StoreError) in
            try staged.removeName()
        } answer: { _ in
        }
    }

    private func takeStaged() -> StagedFile? {
        state.withLock { state in
            state.pending = []
            return state.staged.take()
        }
    }

    /// A failure to write or flush is final: the kernel reports it once, and then forgets it.
    private func remembered(_ error: StoreError) -> StoreError {
        let failure = error.errno?.isForgotten == true || error.isAway ? error.under(.stagingLost) : error
        // What no thread had begun can be asked for again.
        if error.errno != nil || error.circumstance == .stillRunning { state.withLock { $0.failure = failure } }
        return failure
    }

    private func expectNoFailure() throws(StoreError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}

/// Writes a file's chunks in order on a blocking thread, while the caller prepares the next ones.
///
/// *Bounds*: four chunks. The disk is set to work every 8 MiB, so that little is left for the flush at the end.
private final class WriteBehind: Sendable {
    private static let maximumInFlight = 4
    private static let writeBackBytes: Int64 = 8 << 20

    private struct State {
        /// What waits; the chunk that is being written is counted by `isWriting`.
        var queue: [[UInt8]] = []
        var isWriting = false
        var offset: Int64 = 0
        var failure: StoreError?
        /// Whoever waits until at most `limit` chunks are left.
        var waiting: (limit: Int, pending: Pending<Void>)?

        var count: Int { queue.count + (isWriting ? 1 : 0) }
    }

    private let staged: StagedFile
    private let storage: FileStorage
    private let state = Mutex(State())

    init(_ staged: StagedFile, storage: FileStorage) {
        self.staged = staged
        self.storage = storage
    }

    /// Takes a chunk; waits while four are in flight.
    /// - Throws: what an earlier chunk failed with.
    func add(_ chunk: [UInt8]) async throws(StoreError) {
        try await wait(for: Self.maximumInFlight - 1)
        state.withLock { $0.queue.append(chunk) }
        writeNext()
    }

    /// Waits until all is written.
    func drain() async throws(StoreError) {
        try await wait(for: 0)
    }

    private func wait(for limit: Int) async throws(StoreError) {
        let pending = state.withLock { state -> Pending<Void>? in
            if state.count <= limit { return nil }
            let pending = Pending<Void>()
            state.waiting = (limit, pending)
            return pending
        }
        await pending?.take()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func writeNext() {
        let next = state.withLock { state -> (chunk: [UInt8], offset: Int64)? in
            if state.isWriting || state.queue.isEmpty { return nil }
            let chunk = state.queue.removeFirst()
            let offset = state.offset
            state.isWriting = true
            state.offset += Int64(chunk.count)
            return (chunk, offset)
        }
        guard let (chunk, offset) = next else { return }
        let staged = staged
        storage.begin("append", lane: .writing) { (root, _) throws(StoreError) in
            guard let file = staged.file else { return }
            try file.write(chunk, at: offset)
            Self.startWriteBack(file, of: offset..<offset + Int64(chunk.count), by: root.calls)
        } answer: { [self] result in
            written(result)
        }
    }

    private func written(_ result: Result<Void, StoreError>) {
        let ready = state.withLock { state -> Pending<Void>? in
            state.isWriting = false
            if case .failure(let error) = result {
                state.failure = state.failure ?? error
                state.queue = []
            }
            guard let (limit, pending) = state.waiting, state.count <= limit else { return nil }
            state.waiting = nil
            return pending
        }
        ready?.deliver(())
        writeNext()
    }

    /// A hint only: the flush at the end reports what went wrong.
    private static func startWriteBack(_ file: OpenFile, of written: Range<Int64>, by calls: any SystemCalls) {
        let done = written.upperBound / writeBackBytes * writeBackBytes
        guard done > written.lowerBound else { return }
        let start = max(0, written.lowerBound / writeBackBytes * writeBackBytes)
        try? calls.startWriteBack(file.raw, offset: start, count: done - start)
    }
}

internal import BlobSystem
public import ObjectStorage
internal import Synchronization

extension S3Storage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try key.expectObject()
        return try await during("statObject", key) { () async throws(StoreError) in
            try await head(try name(key))?.info
        }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        return try await during("writeObject", key) { () async throws(StoreError) in
            let writing = ObjectWriting(storage: self, key: key, name: try name(key), size: source.size)
            return try await writing.run(source)
        }
    }

    /// Small content stays in memory until the commit; larger content goes to a file without a name, so that the
    /// commit can be repeated.
    public func stageObject() async throws(StoreError) -> StagedObject {
        StagedObject(S3Upload(storage: self))
    }

    /// The object is copied onto itself, which makes its age now.
    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try key.expectObject()
        return try await during("refreshObject", key) { () async throws(StoreError) in
            let name = try name(key)
            guard let found = try await head(name), found.info.size == size else { return false }
            return try await copy(from: .init(bucket: session.address.bucket, name: name, head: found), to: name)
        }
    }

    /// Copies, makes sure of the copy, and takes the old name away: not in one step. Small content passes through this
    /// process, since more servers let one of many create a name than let one of many copy to it.
    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try key.expectObject()
        try destination.expectObject()
        try await during("moveObject", key) { () async throws(StoreError) in
            if try await learned.settled().holdsCreation { return try await move(key, to: destination) }
            // Nothing holds the name free but that nobody else writes.
            try await oneWriter.pass { () async throws(StoreError) in try await move(key, to: destination) }
        }
    }

    private func move(_ key: Key, to destination: Key) async throws(StoreError) {
        let (old, new) = (try name(key), try name(destination))
        guard let found = try await head(old) else { throw StoreError.missing(key) }
        guard try await head(new) == nil else {
            throw StoreError(.alreadyExists, "\"\(destination)\" already exists and is kept")
        }
        if found.info.size <= Int64(PartPlan.largestSinglePartBytes) {
            try await create(destination, from: key, found)
        } else {
            try await copyWhole(found, old, to: destination, missing: key, as: WriteName())
        }
        try await session.delete(old)
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        let (origin, key) = try await origin(of: key, in: source, copiedTo: destination) { other in
            other.session.address.endpoint == session.address.endpoint && other.session.account == session.account
        }
        return try await during("copyObject", destination) { () async throws(StoreError) in
            let old = try origin.name(key)
            guard let found = try await origin.head(old) else { throw StoreError.missing(key) }
            if let there = try await head(try name(destination)) {
                guard there.info.size == found.info.size else {
                    throw StoreError.otherSize(destination, found: there.info.size, wanted: found.info.size)
                }
                if try await refreshObject(destination, size: found.info.size) { return .present }
            }
            try await copyWhole(found, old, in: origin.session.address.bucket, to: destination, missing: key)
            return .created
        }
    }

    private func copyWhole(
        _ found: ObjectHead, _ old: String, in bucket: String? = nil, to destination: Key, missing key: Key,
        as write: WriteName? = nil
    ) async throws(StoreError) {
        let new = try name(destination)
        let origin = CopySource(bucket: bucket ?? session.address.bucket, name: old, head: found)
        do throws(StoreError) {
            guard try await copy(from: origin, to: new, as: write) else { throw StoreError.missing(key) }
        } catch  where error.code == .preconditionFailed {
            guard let write else { throw error }
            try await expect(write, at: destination)
        }
        guard let copied = try await head(new), copied.info.size == found.info.size else {
            throw StoreError(.failed, "the server's copy \"\(destination)\" is not what was copied", isRetryable: true)
        }
    }
}

// MARK: - An object on its way in

/// An object on its way to a bucket: in memory while it is small, else in a file of this machine, so that a commit can
/// be repeated.
final class S3Upload: StagedUpload {
    static let bytesInMemory = 1 << 20

    private struct State {
        var bytes: [UInt8] = []
        var file: SpooledFile?
        var size: Int64 = 0
        var isDiscarded = false
    }

    private let storage: S3Storage
    private let state = Mutex(State())

    init(storage: S3Storage) { self.storage = storage }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        let (file, before) = state.withLock { state -> (SpooledFile?, Int64) in
            let before = state.size
            state.size += Int64(chunk.count)
            if state.file == nil, state.size <= Int64(Self.bytesInMemory) { state.bytes += chunk }
            return (state.file, before)
        }
        guard before + Int64(chunk.count) <= PartPlan.largestObjectBytes else {
            throw StoreError(.invalidArgument, "the content has more than 5 TiB, and S3 servers take no larger object")
        }
        if let file { return try await file.write(chunk, at: before) }
        guard before + Int64(chunk.count) > Int64(Self.bytesInMemory) else { return }
        let fresh = try await SpooledFile.make(storage.pool)
        let bytes = state.withLock { state in
            state.file = fresh
            defer { state.bytes = [] }
            return state.bytes
        }
        if !bytes.isEmpty { try await fresh.write(bytes, at: 0) }
        try await fresh.write(chunk, at: before)
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        let (bytes, file, size, isDiscarded) = state.withLock { ($0.bytes, $0.file, $0.size, $0.isDiscarded) }
        if isDiscarded { throw StoreError(.failed, "the staged object was discarded") }
        guard let file else { return try await storage.writeObject(key, ObjectSource(bytes)) }
        return try await storage.writeObject(
            key, ObjectSource(size: size) { () async throws(StoreError) in file.chunks(size: size) })
    }

    func discard() async { abandon() }

    func abandon() {
        state.withLock { $0 = State(isDiscarded: true) }
    }
}

/// A file of this machine that has no name, and goes with its last user.
final class SpooledFile: Sendable {
    private let file: Descriptor
    private let pool: BlockingPool

    private init(_ file: consuming Descriptor, _ pool: BlockingPool) {
        self.file = file
        self.pool = pool
    }

    /// - Throws: what opening a temporary file comes to.
    static func make(_ pool: BlockingPool) async throws(StoreError) -> SpooledFile {
        return try await run(pool) { () throws(StoreError) in
            do throws(Errno) {
                return SpooledFile(try TemporaryFile.open(UninterruptedCalls(LinuxCalls())), pool)
            } catch {
                throw StoreError(error, call: "open", "a temporary file in \(TemporaryFile.folder) (see TMPDIR)")
            }
        }
    }

    func write(_ bytes: [UInt8], at offset: Int64) async throws(StoreError) {
        try await Self.run(pool) { () throws(StoreError) in
            do throws(Errno) { try self.file.calls.writeFully(self.file.raw, bytes, at: offset) } catch {
                throw StoreError(error, call: "pwrite", "the temporary file for an upload")
            }
        }
    }

    /// The first `size` bytes in chunks; each call reads anew.
    func chunks(size: Int64) -> AsyncPull<[UInt8]> {
        let position = Position()
        return AsyncPull { () async throws(StoreError) in
            let start = Int64(position.advance(by: chunkSizeBytes, upTo: Int(size)))
            if start == size { return nil }
            let count = Int(min(Int64(chunkSizeBytes), size - start))
            return try await Self.run(self.pool) { () throws(StoreError) in
                do throws(Errno) { return try self.read(count, at: start) } catch {
                    throw StoreError(error, call: "pread", "the temporary file for an upload")
                }
            }
        }
    }

    /// All that was asked for: a file that is shorter than what was written to it is broken.
    private func read(_ count: Int, at offset: Int64) throws(Errno) -> [UInt8] {
        let bytes = try file.calls.readFully(file.raw, count, at: offset)
        if bytes.count < count { throw .inputOutput }
        return bytes
    }

    private static func run<Value: Sendable>(
        _ pool: BlockingPool, _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let outcome = await pool.run(deadline: nil) { (_) throws(StoreError) in try body() }
        guard case .done(let result) = outcome else {
            throw StoreError(.unavailable, "this process cannot start more threads, or the storage was closed")
        }
        return try result.get()
    }
}

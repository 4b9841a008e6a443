internal import BlobStore
internal import Synchronization

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

internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// An object on its way into a root, in a staged file.
///
/// Small content stays in memory until the commit, which is then one visit to a blocking thread. Larger content is
/// written behind the caller's back, so that its reading and hashing overlap the writing.
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
        for chunk in full { try await remembering { () async throws(StoreError) in try await writer.add(chunk) } }
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        try await remembering { () async throws(StoreError) in try await writer.drain() }
        let now = try state.withLock { state throws(StoreError) in
            guard let staged = state.staged else { throw StoreError(.failed, "the staged object was discarded") }
            return (staged: staged, pending: state.pending, size: state.size, hadKey: state.keys.contains(key))
        }
        var published: Result<CommitOutcome?, StoreError>?
        try await remembering { () async throws(StoreError) in
            published = try await storage.blocking("commit", key) { (files, _) throws(StoreError) in
                // Written once; a later commit, or one that found the server forgetful, finds the file let go.
                if let file = now.staged.file { try file.write(now.pending, at: now.size - Int64(now.pending.count)) }
                try files.finish(now.staged)
                return try files.publishing(now.staged, key, size: now.size)
            }
        }
        guard let outcome = try published?.get() else { return now.hadKey ? .present : .created }
        state.withLock { state in
            if outcome == .created { state.keys.insert(key) }
        }
        return outcome
    }

    func discard() async {
        guard let staged = takeStaged() else { return }
        _ = try? await storage.blocking("discard") { (_, _) throws(StoreError) in try staged.removeName() }
    }

    func abandon() {
        guard let staged = takeStaged() else { return }
        // A name that stays is stale staging, which is listed as an upload in flight.
        storage.begin("discard") { (_, _) throws(StoreError) in
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
    private func remembering(_ body: () async throws(StoreError) -> Void) async throws(StoreError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        do { try await body() } catch {
            // What no thread had begun can be asked for again.
            if error.errno != nil || error.mayStillHappen { state.withLock { $0.failure = error } }
            throw error
        }
    }
}

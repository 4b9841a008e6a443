internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// Writes a file's chunks in order on a blocking thread, while the caller prepares the next ones.
///
/// *Bounds*: four chunks. The disk is set to work every 8 MiB, so that little is left for the flush at the end.
final class WriteBehind: Sendable {
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
        storage.begin("append") { (files, _) throws(StoreError) in
            guard let file = staged.file else { return }
            try file.write(chunk, at: offset)
            Self.startWriteBack(file, offset..<offset + Int64(chunk.count), files)
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
    private static func startWriteBack(_ file: OpenFile, _ written: Range<Int64>, _ files: RootFiles) {
        let done = written.upperBound / writeBackBytes * writeBackBytes
        guard done > written.lowerBound else { return }
        let start = max(0, written.lowerBound / writeBackBytes * writeBackBytes)
        try? files.calls.startWriteBack(file.raw, offset: start, count: done - start)
    }
}

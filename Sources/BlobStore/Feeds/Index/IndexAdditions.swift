internal import Synchronization

/// Records that an operation wrote itself, for the index: many together, as pieces of their own beside those that are
/// there. A later walk through all records puts them in order.
///
/// *Cost*: memory for some thousand records; some requests for each eight MiB of records.
final class IndexAdditions: Sendable {
    /// So much waits, so that what comes in another order than that of the keys is sorted in large parts.
    private static let waitingBytes = 8 << 20
    private static let attempts = 4

    private struct State {
        var entries: [IndexEntry] = []
        var bytes = 0
        var isGivenUp = false

        mutating func take() -> [IndexEntry] {
            defer { (entries, bytes) = ([], 0) }
            return entries
        }
    }

    private let storage: any Storage
    private let state = Mutex(State())
    private let semaphore = AsyncSemaphore(places: 1)

    init(to storage: any Storage) {
        self.storage = storage
    }

    /// Adds a record as it was written.
    func add(_ key: Key, _ bytes: [UInt8]) async {
        let full = state.withLock { state -> [IndexEntry] in
            if state.isGivenUp { return [] }
            state.entries.append(IndexEntry(key: key, bytes: bytes))
            state.bytes += bytes.count
            return state.bytes > Self.waitingBytes ? state.take() : []
        }
        if !full.isEmpty { await write(full) }
    }

    /// Writes what waits, if that is worth it. Where it is not possible, for whatever reason, the index lacks it.
    func end() async {
        let rest = state.withLock { $0.take() }
        if rest.count >= RecordIndex.leastRecords { await write(rest) }
    }

    private func write(_ entries: [IndexEntry]) async {
        do throws(StoreError) {
            try await semaphore.pass { () async throws(StoreError) in
                guard await storage.listsRecordsAtOnce(measuring: true) else {
                    throw StoreError(.unsupported, "listings do not show at once what was written")
                }
                try await add(Self.latest(of: entries))
            }
        } catch {
            state.withLock { $0 = State(isGivenUp: true) }
        }
    }

    /// Each record once, as it was written last, in key order.
    private static func latest(of entries: [IndexEntry]) -> [IndexEntry] {
        let latest = Dictionary(entries.map { ($0.key, $0) }) { $1 }
        return latest.values.sorted { $0.key < $1.key }
    }

    private func add(_ entries: [IndexEntry]) async throws(StoreError) {
        var written: [RecordIndex.Piece] = []
        for run in entries.pieces {
            if let piece = try await IndexPiece.write(run, to: storage) { written.append(piece) }
        }
        for _ in 0..<Self.attempts {
            let found = await FoundIndex.read(storage)
            let known = Set(written.map(\.digest))
            let pieces = found.pieces.filter { !known.contains($0.digest) } + written
            if pieces.count > RecordIndex.maximumPieces { return }
            do throws(StoreError) { return try await found.replace(with: pieces, in: storage) } catch {
                // Another added to it.
                guard error.code == .preconditionFailed else { throw error }
            }
        }
    }
}

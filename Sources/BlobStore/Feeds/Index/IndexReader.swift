internal import Synchronization

/// Finds records in an index: those of which a listing tells that they are what the index holds.
///
/// *Cost*: a request for each piece that is needed, of about four thousand records; memory for a few pieces.
final class IndexReader: Sendable {
    /// Of pieces, at once.
    fileprivate static let maximumBytes = 16 << 20
    /// Rather than to read a piece for fewer records, those are read.
    private static let leastRecords = 8
    /// Where more pieces cover the same records, the index is not in order, and costs more than it saves.
    private static let maximumLoads = 8

    fileprivate struct State {
        var kept: [Digest: IndexPiece] = [:]
        /// The one that was used last is the last.
        var order: [Digest] = []
        var unusable: Set<Digest> = []
    }

    private let storage: any Storage
    private let pieces: [RecordIndex.Piece]
    private let state = Mutex(State())
    private let semaphore = AsyncSemaphore(places: 1)

    init(_ pieces: [RecordIndex.Piece], in storage: any Storage) {
        self.pieces = pieces
        self.storage = storage
    }

    /// How many records the index holds.
    var count: Int { pieces.reduce(0) { $0.addingReportingOverflow(max($1.records, 0)).partialValue } }

    /// Whether something that is not the piece stands under its name, or nothing.
    func isUnusable(_ digest: Digest) -> Bool { state.withLock { $0.unusable.contains(digest) } }

    /// The bytes of those records that are unchanged.
    /// - Parameter listed: near to each other in key order.
    func find(_ listed: [ListedRecord]) async -> [Key: [UInt8]] {
        var found: [Key: [UInt8]] = [:]
        var rest = listed.filter { $0.info?.listedMD5 != nil }
        guard let first = rest.map(\.key).min(), let last = rest.map(\.key).max() else { return [:] }
        var loads = 0
        for piece in pieces where piece.meets(first, last) {
            let asked = rest.count { piece.meets($0.key, $0.key) }
            if asked == 0 { continue }
            let isKept = state.withLock { $0.kept[piece.digest] != nil }
            if !isKept && (asked < Self.leastRecords || loads >= Self.maximumLoads) { continue }
            if !isKept { loads += 1 }
            guard let content = await content(piece.digest) else { continue }
            rest.removeAll { record in
                guard let bytes = content[record.key], IndexEntry(key: record.key, bytes: bytes).isListed(record.info)
                else { return false }
                found[record.key] = bytes
                return true
            }
        }
        return found
    }

    /// A piece, read once by whoever needs it first; nil where it cannot be used.
    private func content(_ digest: Digest) async -> IndexPiece? {
        try? await semaphore.pass { () async throws(StoreError) -> IndexPiece? in
            if let kept = state.withLock({ $0.take(digest) }) { return kept }
            if isUnusable(digest) { return nil }
            let piece = await IndexPiece.read(digest, storage)
            state.withLock { state in
                if let piece { state.keep(piece, digest) } else { state.unusable.insert(digest) }
            }
            return piece
        }
    }
}

extension IndexReader.State {
    fileprivate mutating func take(_ digest: Digest) -> IndexPiece? {
        guard let piece = kept[digest] else { return nil }
        order.removeAll { $0 == digest }
        order.append(digest)
        return piece
    }

    fileprivate mutating func keep(_ piece: IndexPiece, _ digest: Digest) {
        kept[digest] = piece
        order.append(digest)
        while order.count > 1, kept.values.reduce(0, { $0 + $1.size }) > IndexReader.maximumBytes {
            kept[order.removeFirst()] = nil
        }
    }
}

/// The head of a feed's index of records: which pieces there are.
///
/// The index holds copies of package records, so that one that has not changed need not be read again. It is derived
/// and never the truth: a copy counts only where its bytes have the size and the MD5 that a listing tells of the record
/// now. So whatever is wrong with the index, it costs time only.
struct RecordIndex: DocumentBody {
    static let title = "index of records"
    enum CodingKeys: String, CodingKey, CaseIterable { case pieces }

    /// In the order of their first keys. What several of them cover may stand in any.
    var pieces: [Piece] = []

    /// A run of records in one object.
    struct Piece: Codable, Sendable, Equatable {
        /// The first and the last of its keys.
        let first: String
        let last: String
        /// Of its bytes, by which it is named.
        let digest: Digest
        /// How many records it holds.
        let records: Int
    }

    /// An index of fewer records is not worth its requests.
    static let leastRecords = 256
    /// So many pieces are named at most: those of about eight million records.
    static let maximumPieces = 2_000

    init(_ pieces: [Piece]) {
        self.pieces = pieces.sorted { $0.first.utf8.lexicographicallyPrecedes($1.first.utf8) }
    }
}

extension RecordIndex.Piece {
    /// Whether the piece may hold one of the keys from `first` to `last`.
    func meets(_ first: Key, _ last: Key) -> Bool {
        !self.last.utf8.lexicographicallyPrecedes(first.text.utf8)
            && !last.text.utf8.lexicographicallyPrecedes(self.first.utf8)
    }
}

// MARK: - The head as it stands in a root

/// What stands in the place of an index's head.
enum FoundIndex: Sendable {
    case absent
    case sound(Stored<RecordIndex>)
    /// Nothing that can be read; it may be replaced.
    case garbled
    /// Of a newer version, or out of reach: it is left alone.
    case closed

    var pieces: [RecordIndex.Piece] { if case .sound(let stored) = self { stored.body.pieces } else { [] } }

    /// Reads the head.
    static func read(_ storage: any Storage) async -> FoundIndex {
        do throws(StoreError) {
            guard let stored = try await storage.document(FeedLayout.index, as: RecordIndex.self) else {
                return .absent
            }
            return .sound(stored)
        } catch {
            return error.code == .corrupt ? .garbled : .closed
        }
    }

    /// Replaces exactly this by a head that names other pieces, and removes what no head needs any more.
    func replace(with pieces: [RecordIndex.Piece], in storage: any Storage) async throws(StoreError) {
        let index = RecordIndex(pieces)
        switch self {
        case .closed: return
        case .absent: _ = try await storage.create(FeedLayout.index, index)
        case .sound(let stored): _ = try await storage.replace(FeedLayout.index, stored, with: index)
        case .garbled:
            let written = try await storage.replaceGarbled(
                FeedLayout.index, with: index, isSound: { _ in true }, keep: { _ in })
            if written == nil { return }
        }
        let replaced = Set(self.pieces.map(\.digest))
        try await Self.removeLeftovers(in: storage, replaced: replaced, keeping: Set(pieces.map(\.digest)))
    }

    /// Pieces of writers that died; younger ones may be those of a writer that has not written its head yet.
    private static let leftoverAge = Duration.seconds(86_400)

    private static func removeLeftovers(
        in storage: any Storage, replaced: Set<Digest>, keeping: Set<Digest>
    ) async throws(StoreError) {
        var leftovers: [Key] = []
        for try await page in storage.list(ListRequest(FeedLayout.indexPieces, wantsDetails: true)) {
            for case .key(let key, let info?) in page where !key.isRecord {
                let digest = Digest(hex: key.name)
                if let digest, keeping.contains(digest) { continue }
                let isReplaced = digest.map { replaced.contains($0) } ?? false
                if isReplaced || info.age > leftoverAge { leftovers.append(key) }
            }
        }
        if !leftovers.isEmpty { _ = try await storage.removeObjects(leftovers) }
    }
}

extension Storage {
    /// Whether a listing tells what stands in a record now, so that an index may be believed as far as it agrees.
    /// - Parameter measuring: whether that may be found out with writes.
    func listsRecordsAtOnce(measuring: Bool) async -> Bool {
        guard let place = try? await capability((any DigestedListings).self) else { return false }
        return (try? await place.listsWritesAtOnce(measuring: measuring)) == true
    }

    /// Whether that may be so, as far as is known without measuring.
    func mayListRecordsAtOnce() async -> Bool {
        guard let place = try? await capability((any DigestedListings).self) else { return false }
        guard let known = try? await place.listsWritesAtOnce(measuring: false) else { return true }
        return known
    }
}

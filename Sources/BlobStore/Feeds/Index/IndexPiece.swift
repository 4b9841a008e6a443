internal import BlobCrypto

/// A copy of a record, under its key.
struct IndexEntry: Sendable, Equatable {
    let key: Key
    let bytes: [UInt8]
}

/// A piece of an index: after a line that says what it is, each record as a line with its size and key, and its bytes.
struct IndexPiece: Sendable {
    static let maximumRecords = 4_096
    /// A piece is closed before it has more bytes of records, unless it holds only one.
    static let maximumBytes = 2 << 20
    /// What has more was not written as a piece.
    static let largestBytes = 4 << 20

    private static let heading = Array("package records 1\n".utf8)
    private static let newline = UInt8(ascii: "\n")

    let size: Int
    private let bytes: [UInt8]
    private let places: [String: Range<Int>]

    /// Nil where the bytes are not those of a piece.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: Self.heading) else { return nil }
        var places: [String: Range<Int>] = [:]
        var offset = Self.heading.count
        while offset < bytes.count {
            guard let end = bytes[offset...].prefix(2 * Key.maximumBytes).firstIndex(of: Self.newline),
                let line = String(validating: bytes[offset..<end], as: UTF8.self),
                let space = line.firstIndex(of: " "), let count = Int(line[..<space]),
                count >= 0, count < bytes.count - end - 1, bytes[end + 1 + count] == Self.newline
            else { return nil }
            places[String(line[line.index(after: space)...])] = end + 1..<end + 1 + count
            offset = end + count + 2
        }
        self.bytes = bytes
        self.places = places
        size = bytes.count
    }

    /// The copy of a record; nil where the piece has none.
    subscript(key: Key) -> [UInt8]? { places[key.text].map { Array(bytes[$0]) } }

    /// The bytes of a piece.
    static func encode(_ entries: [IndexEntry]) -> [UInt8] {
        var bytes = heading
        for entry in entries {
            bytes += "\(entry.bytes.count) \(entry.key.text)\n".utf8
            bytes += entry.bytes
            bytes.append(newline)
        }
        return bytes
    }
}

extension IndexEntry {
    /// Whether the copy is what a listing tells of the record.
    func isListed(_ info: ObjectInfo?) -> Bool {
        guard let info, let md5 = info.listedMD5, info.size == Int64(bytes.count) else { return false }
        return Hasher.hex(.md5, of: bytes) == md5
    }
}

/// Entries that are gathered until they fill a piece.
struct IndexRun: Sendable {
    private(set) var entries: [IndexEntry] = []
    private var size = 0

    /// Whether a piece of these has no room for that entry.
    func isFull(for entry: IndexEntry) -> Bool {
        if entries.isEmpty { return false }
        return entries.count >= IndexPiece.maximumRecords || size + entry.bytes.count > IndexPiece.maximumBytes
    }

    mutating func append(_ entry: IndexEntry) {
        entries.append(entry)
        size += entry.bytes.count
    }

    /// Takes the first entries out, or all of them.
    mutating func take(_ count: Int = .max) -> [IndexEntry] {
        let taken = Array(entries.prefix(count))
        entries.removeFirst(taken.count)
        size = entries.reduce(0) { $0 + $1.bytes.count }
        return taken
    }
}

extension [IndexEntry] {
    /// In runs of the size of a piece.
    var pieces: [[IndexEntry]] {
        var pieces: [[IndexEntry]] = []
        var run = IndexRun()
        for entry in self {
            if run.isFull(for: entry) { pieces.append(run.take()) }
            run.append(entry)
        }
        return run.entries.isEmpty ? pieces : pieces + [run.entries]
    }
}

// MARK: - Pieces as they stand in a root

extension IndexPiece {
    /// Reads a piece; nil where it is missing, damaged or too large.
    static func read(_ digest: Digest, _ storage: any Storage) async -> IndexPiece? {
        let bytes = try? await storage.readObject(FeedLayout.indexPiece(digest), range: nil) {
            (content) async throws(StoreError) -> [UInt8]? in
            guard content.info.size <= Int64(largestBytes) else { return nil }
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return bytes
        }
        guard let bytes = bytes ?? nil, (try? Digest(of: bytes)) == digest else { return nil }
        return IndexPiece(bytes)
    }

    /// Writes entries as a piece.
    /// - Parameter anew: whether something stands in the place of a piece that is not what its name says.
    static func write(
        _ entries: [IndexEntry], to storage: any Storage, anew: (Digest) -> Bool = { _ in false }
    ) async throws(StoreError) -> RecordIndex.Piece? {
        guard let first = entries.first, let last = entries.last else { return nil }
        let bytes = encode(entries)
        guard bytes.count <= largestBytes else { return nil }
        let digest = try Digest(of: bytes)
        let key = FeedLayout.indexPiece(digest)
        if anew(digest) { try await storage.removeObject(key) }
        _ = try await storage.writeObject(key, ObjectSource(bytes))
        return RecordIndex.Piece(first: first.key.text, last: last.key.text, digest: digest, records: entries.count)
    }
}

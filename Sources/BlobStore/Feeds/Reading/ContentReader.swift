internal import Synchronization

/// Reads one content of a feed, from where it stands or from what was kept of it.
struct ContentReader: Sendable {
    let digest: Digest
    let size: Int64
    let content: ContentStore
    /// Where contents that are small are kept; nil where none are.
    var kept: KeptContents?

    /// See ``Package/read(_:in:_:)``.
    func read<Value: ~Copyable & Sendable>(
        _ range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        guard let kept, size <= Int64(KeptContents.largestBytes) else {
            return try await content.read(digest, size: size, range: range, in: pieces, body)
        }
        let bytes = try await kept.bytes(of: self)
        return try await body(ObjectContent(digest, of: bytes, range: range, in: pieces))
    }
}

/// The bytes of small contents that were read and verified before. A digest determines its bytes, so nothing has to be
/// looked at again.
final class KeptContents: Sendable {
    /// What is larger is not kept.
    static let largestBytes = 256 << 10

    /// Contents of one feed's root: who may read one feed learns nothing of what is in another.
    fileprivate struct Key: Hashable, Sendable {
        let root: String
        let digest: Digest
    }

    private let root: String
    private let shelf: Shelf

    /// What all feeds keep together.
    final class Shelf: Sendable {
        fileprivate let bytes: Mutex<BoundedCache<Key, [UInt8]>>
        fileprivate let flights = SingleFlight<Key, [UInt8]>()

        init(bound: Int) { bytes = Mutex(BoundedCache(bound: bound)) }

        /// So many bytes are kept now.
        var size: Int { bytes.withLock { $0.cost } }
    }

    init(of root: String, on shelf: Shelf) {
        self.root = root
        self.shelf = shelf
    }

    /// All bytes of a content, as they were kept; nil where they must be read.
    func known(_ digest: Digest) -> [UInt8]? {
        let key = Key(root: root, digest: digest)
        return shelf.bytes.withLock { $0.value(key) }
    }

    /// All bytes of a small content, as they were kept, or read and verified now.
    func bytes(of reader: ContentReader) async throws(StoreError) -> [UInt8] {
        if let known = known(reader.digest) { return known }
        let key = Key(root: root, digest: reader.digest)
        return try await shelf.flights.value(of: key, accepting: { _ in true }) { () async throws(StoreError) in
            let bytes = try await reader.content.read(reader.digest, size: reader.size) {
                (content) async throws(StoreError) in
                var bytes: [UInt8] = []
                for try await chunk in content.chunks { bytes += chunk }
                return bytes
            }
            shelf.bytes.withLock { $0.insert(key, bytes, cost: bytes.count) }
            return bytes
        }
    }
}

extension ObjectContent {
    /// Content that is in memory, or a part of it. Its age is not known, and told as none.
    /// - Throws: `invalidArgument` for a range that begins beyond the end.
    fileprivate init(
        _ digest: Digest, of bytes: [UInt8], range: Range<Int64>?, in pieces: Pieces
    ) throws(StoreError) {
        let size = Int64(bytes.count)
        let wanted = range ?? 0..<size
        guard (0...size).contains(wanted.lowerBound) else {
            throw StoreError(
                .invalidArgument, "a range from \(wanted.lowerBound) is beyond the end of the content \(digest)")
        }
        let cut = wanted.clamped(to: 0..<size)
        self.init(
            info: ObjectInfo(size: size, age: .zero), range: cut,
            chunks: .chunks(of: bytes, Int(cut.lowerBound)..<Int(cut.upperBound), in: pieces.sizeBytes))
    }
}

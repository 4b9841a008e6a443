internal import Synchronization

extension ContentStore {
    /// Opens content for reading, from its place or from `retired/`: a collector just took it there, or what stands in
    /// its place is damaged, and a good copy was put beside it.
    ///
    /// *Guarantees*: of a whole reading the last chunk is delivered only after the digest matched; a range is not
    /// verified. The body is called once. So damage that shows only after the first chunk is an error, whatever else
    /// there is.
    /// - Throws: `notFound`; `corrupt`, named with the digest.
    package func read<Value: ~Copyable & Sendable>(
        _ digest: Digest, size: Int64, range: Range<Int64>? = nil, in pieces: Pieces = .large,
        _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let wanted = Wanted(digest: digest, size: size, range: range, pieces: pieces)
        let blob = FeedLayout.blob(digest)
        var flaw: StoreError?
        if let value = try await read(wanted, at: blob, flaw: &flaw, body) { return value }
        for key in try await retiredCopies(of: digest) {
            if let value = try await read(wanted, at: key, flaw: &flaw, body) { return value }
        }
        if let flaw { throw flaw }
        if let value = try await read(wanted, at: blob, flaw: &flaw, body) { return value }
        throw flaw ?? missing(digest)
    }

    /// How large the content is that a reader would find, in its place or in `retired/`; nil where there is none.
    package func findSize(_ digest: Digest) async throws(StoreError) -> Int64? {
        if let found = try await stat(digest) { return found.size }
        for key in try await retiredCopies(of: digest) {
            if let found = try await storage.statObject(key) { return found.size }
        }
        return try await stat(digest)?.size
    }

    /// Whether there is content to read, of the right size, as far as that shows without reading it.
    /// - Throws: as reading does.
    func previewReading(_ digest: Digest, size: Int64) async throws(StoreError) {
        let found = try await stat(digest)
        if found?.size == size { return }
        for key in try await retiredCopies(of: digest) where try await storage.statObject(key)?.size == size { return }
        throw found.map { Self.wrongSize(digest, found: $0.size, wanted: size) } ?? missing(digest)
    }

    private func missing(_ digest: Digest) -> StoreError {
        StoreError(.notFound, "the content \(digest) is missing; repair the feed, or publish it again")
            .during("read", key: FeedLayout.blob(digest).text, root: storage.address).under(.contentGone)
    }

    private static func wrongSize(_ digest: Digest, found: Int64, wanted size: Int64) -> StoreError {
        StoreError(.corrupt, "the content \(digest) has \(found) bytes instead of \(size); repair the feed")
    }

    /// What is to be read, wherever it stands.
    private struct Wanted {
        let digest: Digest
        let size: Int64
        let range: Range<Int64>?
        let pieces: Pieces
    }

    /// - Parameter flaw: the first reason why what is there cannot be read.
    /// - Returns: nil when there is nothing under that key, or it is damaged, and the body was not called.
    private func read<Value: ~Copyable & Sendable>(
        _ wanted: Wanted, at key: Key, flaw: inout StoreError?,
        _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value? {
        var isHandedOver = false
        // Of a part nothing can be compared.
        let hash: RunningHash? = wanted.range == nil ? try RunningHash() : nil
        let pieces = wanted.pieces.hashed(by: hash)
        do {
            return try await storage.readObject(key, range: wanted.range, in: pieces) {
                (content) async throws(StoreError) -> Value in
                let (digest, size) = (wanted.digest, content.info.size)
                guard size == wanted.size else { throw Self.wrongSize(digest, found: size, wanted: wanted.size) }
                let begun = try await (hash.map { content.verified(digest, by: $0) } ?? content).begun()
                isHandedOver = true
                return try await body(begun)
            }
        } catch  where error.code == .notFound && !isHandedOver {
            return nil
        } catch  where (error.code == .corrupt || error.code == .failed) && !isHandedOver {
            flaw = flaw ?? error
            return nil
        }
    }
}

extension ObjectContent {
    /// The same content, of which the first chunk has been read: it can be, and is right if it is the only one.
    fileprivate func begun() async throws(StoreError) -> ObjectContent {
        let next = chunks.puller()
        // Held nowhere else: it would stay in memory for as long as the content is read.
        let ahead = Mutex(try await next())
        let isEmpty = ahead.withLock { $0 == nil }
        return ObjectContent(
            info: info, range: range,
            chunks: AsyncPull { () async throws(StoreError) in
                if let chunk = ahead.withLock({ $0.take() }) { return chunk }
                return isEmpty ? nil : try await next()
            })
    }
}

extension ObjectContent {
    /// The same content, whose last chunk waits for the digest to match.
    fileprivate func verified(_ digest: Digest, by hash: RunningHash) -> ObjectContent {
        let verification = Verification(of: digest, size: info.size, chunks, hash)
        return ObjectContent(
            info: info, range: range, chunks: AsyncPull { () throws(StoreError) in try await verification.next() })
    }
}

extension Pieces {
    /// The same pieces, hashed where they are fetched.
    fileprivate func hashed(by hash: RunningHash?) -> Pieces {
        guard let hash else { return self }
        var pieces = self
        pieces.onFetch = { offset, bytes in hash.add(bytes, at: offset) }
        return pieces
    }
}

/// Lets a reading pass, and compares its hash before it lets the last chunk go.
///
/// Chunks that were hashed where they were fetched are not hashed again here.
final class Verification: Sendable {
    private let digest: Digest
    private let size: Int64
    private let chunks: AsyncPull<[UInt8]>
    private let hash: RunningHash
    /// So many bytes came by; nil once they were compared.
    private let passed = Mutex<Int64?>(0)

    init(of digest: Digest, size: Int64, _ chunks: AsyncPull<[UInt8]>, _ hash: RunningHash) {
        self.digest = digest
        self.size = size
        self.chunks = chunks
        self.hash = hash
    }

    func next() async throws(StoreError) -> [UInt8]? {
        var iterator = chunks.makeAsyncIterator()
        let chunk = try await iterator.next()
        guard let offset = passed.withLock({ $0 }) else { return chunk }
        hash.add(chunk ?? [], at: offset)
        let (end, isTooLong) = offset.addingReportingOverflow(Int64(chunk?.count ?? 0))
        let isLast = chunk == nil || isTooLong || end >= size
        passed.withLock { $0 = isLast ? nil : end }
        if isLast { try expectMatch() }
        return chunk
    }

    /// At the last byte, or at an end, the digest must match.
    private func expectMatch() throws(StoreError) {
        let found = try hash.finish()
        guard found != digest else { return }
        let described = found.map { "has the digest \($0)" } ?? "could not be hashed to its end"
        throw StoreError(.corrupt, "the content stored as \(digest) \(described); repair the feed")
    }
}

/// A hash of bytes that come in order, from where they are fetched or from where they pass.
final class RunningHash: Sendable {
    private let hashed = Atomic<Int64>(0)
    private let hasher: Mutex<ContentHasher?>

    init() throws(StoreError) { hasher = Mutex(try ContentHasher()) }

    /// Adds bytes of that place, unless they were added before.
    func add(_ bytes: [UInt8], at offset: Int64) {
        if hashed.load(ordering: .acquiring) != offset || bytes.isEmpty { return }
        hasher.withLock { hasher in
            // Those who add the same are told apart here.
            guard hashed.load(ordering: .relaxed) == offset else { return }
            hasher?.update(bytes)
            hashed.add(Int64(bytes.count), ordering: .releasing)
        }
    }

    /// The digest of all that was added; nil when it was asked for before.
    func finish() throws(StoreError) -> Digest? {
        let all: ContentHasher? = hasher.withLock { $0.take() }
        guard let all else { return nil }
        return try all.finish().digest
    }
}

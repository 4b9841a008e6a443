internal import Synchronization

extension ContentStore {
    /// Opens content for reading, from its place or from `retired/`: a collector just took it there, or what stands in
    /// its place is damaged, and a good copy was put beside it.
    ///
    /// *Guarantees*: of a whole reading the last chunk is delivered only after the digest matched; a range is not
    /// verified. The body is called once. So damage that shows only after the first chunk is an error, whatever else
    /// there is.
    /// - Throws: `notFound`; `corrupt`, named with the digest.
    package func read(
        _ digest: Digest, size: Int64, range: Range<Int64>? = nil,
        _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let blob = FeedLayout.blob(digest)
        var flaw: StoreError?
        if try await read(blob, digest, size, range, &flaw, body) { return }
        for key in try await retiredCopies(of: digest) {
            if try await read(key, digest, size, range, &flaw, body) { return }
        }
        if let flaw { throw flaw }
        if try await read(blob, digest, size, range, &flaw, body) { return }
        throw flaw ?? missing(digest)
    }

    /// Whether there is content to read, of the right size, as far as that shows without reading it.
    /// - Throws: as reading does.
    func foreseeReading(_ digest: Digest, size: Int64) async throws(StoreError) {
        let found = try await stat(digest)
        if found?.size == size { return }
        for key in try await retiredCopies(of: digest) where try await storage.statObject(key)?.size == size { return }
        throw found.map { Self.wrongSize(digest, $0.size, size) } ?? missing(digest)
    }

    private func missing(_ digest: Digest) -> StoreError {
        StoreError(.notFound, "the content \(digest) is missing: repair it, or publish it again")
            .during("read", key: FeedLayout.blob(digest).text, root: storage.address)
    }

    private static func wrongSize(_ digest: Digest, _ found: Int64, _ size: Int64) -> StoreError {
        StoreError(.corrupt, "the content \(digest) has \(found) bytes instead of \(size): repair it")
    }

    /// - Parameter flaw: the first reason why what is there cannot be read.
    /// - Returns: false when there is nothing under that key, or it is damaged, and the body was not called.
    private func read(
        _ key: Key, _ digest: Digest, _ size: Int64, _ range: Range<Int64>?, _ flaw: inout StoreError?,
        _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError) -> Bool {
        var isHandedOver = false
        do {
            try await storage.readObject(key, range: range) { (content) async throws(StoreError) in
                guard content.info.size == size else { throw Self.wrongSize(digest, content.info.size, size) }
                let begun = try await (range == nil ? try content.verified(digest) : content).begun()
                isHandedOver = true
                try await body(begun)
            }
            return true
        } catch  where error.code == .notFound && !isHandedOver {
            return false
        } catch  where (error.code == .corrupt || error.code == .failed) && !isHandedOver {
            flaw = flaw ?? error
            return false
        }
    }
}

extension ObjectContent {
    /// The same content, of which the first chunk has been read: it can be, and is right if it is the only one.
    fileprivate func begun() async throws(StoreError) -> ObjectContent {
        let next = chunks.puller()
        let first = try await next()
        let ahead = Mutex(first)
        let isEmpty = first == nil
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
    fileprivate func verified(_ digest: Digest) throws(StoreError) -> ObjectContent {
        let verification = try Verification(of: digest, size: info.size, chunks)
        return ObjectContent(
            info: info, range: range, chunks: AsyncPull { () throws(StoreError) in try await verification.next() })
    }
}

/// Hashes a reading and compares before it lets the last chunk go.
final class Verification: Sendable {
    private struct State: ~Copyable, Sendable {
        var hasher: ContentHasher?
        var hashed: Int64 = 0
    }

    private let digest: Digest
    private let size: Int64
    private let chunks: AsyncPull<[UInt8]>
    private let state: Mutex<State>

    init(of digest: Digest, size: Int64, _ chunks: AsyncPull<[UInt8]>) throws(StoreError) {
        self.digest = digest
        self.size = size
        self.chunks = chunks
        state = Mutex(State(hasher: try ContentHasher()))
    }

    func next() async throws(StoreError) -> [UInt8]? {
        var iterator = chunks.makeAsyncIterator()
        let chunk = try await iterator.next()
        let result: Result<Void, StoreError> = state.withLock { state in
            do throws(StoreError) { return .success(try check(chunk, &state)) } catch { return .failure(error) }
        }
        try result.get()
        return chunk
    }

    /// Adds the chunk; at the last byte, or at an end, the digest must match.
    private func check(_ chunk: [UInt8]?, _ state: inout State) throws(StoreError) {
        guard state.hasher != nil else { return }
        state.hasher?.update(chunk ?? [])
        state.hashed += Int64(chunk?.count ?? 0)
        guard chunk == nil || state.hashed >= size, let hasher = state.hasher.take() else { return }
        let found = try hasher.finish().digest
        guard found == digest else {
            throw StoreError(.corrupt, "the content stored as \(digest) has the digest \(found): repair it")
        }
    }
}

internal import BlobSystem
public import ObjectStorage
internal import Synchronization

extension FileStorage {
    /// The first chunk comes with the opening, so that a small object is one visit to a blocking thread; of a larger
    /// one the next chunks are read while the caller works on the last.
    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try key.expectObject()
        let opened = try await blocking("readObject", key, lane: .reading) { (root, _) throws(StoreError) in
            try root.open(key, range, in: pieces)
        }
        pieces.onFetch?(opened.range.lowerBound, opened.first)
        let reading = ObjectReading(opened, key, in: pieces, storage: self)
        return try await body(
            ObjectContent(
                info: opened.info, range: opened.range,
                chunks: AsyncPull { () async throws(StoreError) in try await reading.next() }))
    }
}

/// An object that was opened, with the first bytes that are wanted of it.
struct OpenedObject: Sendable {
    let file: OpenFile
    let info: ObjectInfo
    let range: Range<Int64>
    let first: [UInt8]
}

extension OpenRoot {
    func open(_ key: Key, _ range: Range<Int64>?, in pieces: Pieces) throws(StoreError) -> OpenedObject {
        guard let there = try openToRead(key) else { throw StoreError.missing(key) }
        let size = there.status.sizeBytes
        let wanted = range ?? 0..<size
        guard (0...size).contains(wanted.lowerBound) else {
            throw StoreError(.invalidArgument, "a range from \(wanted.lowerBound) is beyond the end of \"\(key)\"")
        }
        let cut = wanted.clamped(to: 0..<size)
        let first = try chunk(of: there.file, at: cut.lowerBound, upTo: cut.upperBound, in: pieces)
        return OpenedObject(file: there.file, info: info(there.status), range: cut, first: first)
    }

    /// On a disk of this machine no name is seen late, and its folder need not be opened first.
    private func openToRead(_ key: Key) throws(StoreError) -> (file: OpenFile, status: FileStatus)? {
        if !directory.filesystem.isShared, let there = try? directory.open.openStored(key.text) { return there }
        return try open(key)
    }

    /// The chunk at `offset`: whole, or an error. After the last one the file is closed, before its reader gets it:
    /// on SMB a name that is taken away while its file is open stays until that is closed.
    func chunk(
        of file: OpenFile, at offset: Int64, upTo end: Int64, in pieces: Pieces
    ) throws(StoreError) -> [UInt8] {
        let count = Int(min(end - offset, Int64(pieces.nextBytes)))
        let bytes = count == 0 ? [] : try file.readAll(at: offset, count: count)
        if offset + Int64(count) == end { file.close() }
        return bytes
    }

    /// Opens the object again after the server forgot it: it must be as large as it was.
    func reopen(_ key: Key, size: Int64) throws(StoreError) -> OpenFile {
        guard let there = try open(key) else {
            throw StoreError(.notFound, "\"\(key)\" was removed while it was read")
        }
        guard there.status.sizeBytes == size else {
            throw StoreError.otherSize(key, found: there.status.sizeBytes, wanted: size)
        }
        return there.file
    }
}

/// A reading in progress, some chunks ahead of its reader: when it takes the last that is there, the next ones are
/// fetched, all in one visit to a blocking thread.
private final class ObjectReading: Sendable {
    private typealias Chunks = Result<(chunks: [[UInt8]], file: OpenFile), StoreError>

    private struct State {
        var file: OpenFile
        /// What was fetched, and not taken yet.
        var chunks: ArraySlice<[UInt8]>
        var ahead: Pending<Chunks>?
        /// Where the next chunk to fetch begins.
        var offset: Int64
        var failure: StoreError?
    }

    private let key: Key
    private let size: Int64
    private let end: Int64
    private let pieces: Pieces
    private let storage: FileStorage
    private let state: Mutex<State>

    init(_ opened: OpenedObject, _ key: Key, in pieces: Pieces, storage: FileStorage) {
        self.key = key
        self.pieces = pieces
        self.storage = storage
        size = opened.info.size
        end = opened.range.upperBound
        let offset = opened.range.lowerBound + Int64(opened.first.count)
        state = Mutex(State(file: opened.file, chunks: opened.first.isEmpty ? [] : [opened.first], offset: offset))
    }

    func next() async throws(StoreError) -> [UInt8]? {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        if Task.isCancelled { throw StoreError(.cancelled, "the reading of \"\(key)\" was cancelled") }
        if let chunk = take() { return chunk }
        var outage = Outage(of: storage)
        while true {
            fetch(1)  // Unless that was done ahead.
            guard let ahead = state.withLock({ $0.ahead.take() }) else { return nil }
            do throws(StoreError) {
                keep(try await ahead.take().get())
                return take()
            } catch {
                do throws(StoreError) { try await outage.wait(or: error) } catch {
                    let failure = error.during("readObject", key: key.text, root: storage.address)
                    state.withLock { $0.failure = failure }
                    throw failure
                }
            }
        }
    }

    private func keep(_ fetched: (chunks: [[UInt8]], file: OpenFile)) {
        state.withLock { state in
            state.file = fetched.file
            state.chunks = fetched.chunks[...]
            state.offset += fetched.chunks.reduce(0) { $0 + Int64($1.count) }
        }
    }

    /// The next chunk that is there. With the last of them, those ahead are begun.
    private func take() -> [UInt8]? {
        let (chunk, isLast) = state.withLock { state in (state.chunks.popFirst(), state.chunks.isEmpty) }
        let count = pieces.ahead ?? 1
        if chunk != nil, isLast, count > 0 { fetch(count) }
        return chunk
    }

    /// Begins to fetch so many chunks, unless some are on their way, or none are left.
    private func fetch(_ count: Int) {
        let ahead = Pending<Chunks>()
        let begun = state.withLock { state -> (OpenFile, Int64)? in
            guard state.ahead == nil, state.offset < self.end else { return nil }
            state.ahead = ahead
            return (state.file, state.offset)
        }
        guard let (file, offset) = begun else { return }
        let (key, size, end, pieces) = (key, size, end, pieces)
        storage.begin("readObject", lane: .reading) { (root, _) throws(StoreError) in
            do throws(StoreError) {
                return (try root.chunks(count, of: file, at: offset, upTo: end, in: pieces), file)
            } catch {
                guard error.isStale else { throw error }
                let fresh = try root.reopen(key, size: size)
                return (try root.chunks(count, of: fresh, at: offset, upTo: end, in: pieces), fresh)
            }
        } answer: { (result: Chunks) in
            // Here, since what was read may be read again; and on the same thread.
            if case .success(let fetched) = result { pieces.tell(fetched.chunks, from: offset) }
            ahead.deliver(result)
        }
    }
}

extension Pieces {
    fileprivate func tell(_ chunks: [[UInt8]], from offset: Int64) {
        guard let onFetch else { return }
        var next = offset
        for chunk in chunks {
            onFetch(next, chunk)
            next += Int64(chunk.count)
        }
    }
}

extension OpenRoot {
    /// Up to so many chunks from `offset` on.
    fileprivate func chunks(
        _ count: Int, of file: OpenFile, at offset: Int64, upTo end: Int64, in pieces: Pieces
    ) throws(StoreError) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        var next = offset
        while chunks.count < count, next < end {
            let chunk = try chunk(of: file, at: next, upTo: end, in: pieces)
            next += Int64(chunk.count)
            chunks.append(chunk)
        }
        return chunks
    }
}

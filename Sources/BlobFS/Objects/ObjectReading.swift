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

/// A reading in progress, some chunks ahead of its reader: whenever there is room for more, they are fetched, all in
/// one visit to a blocking thread. So who reads and who fetches wait for each other as little as they can.
private final class ObjectReading: Sendable {
    private typealias Fetched = Result<(chunks: [[UInt8]], file: OpenFile), StoreError>

    private enum Fetching {
        case none
        case underWay(Pending<Void>)
        /// The reader has to be told before more is fetched.
        case failed(StoreError)
    }

    private struct State {
        var file: OpenFile
        /// What was fetched, and not taken yet.
        var chunks: [[UInt8]]
        var fetching = Fetching.none
        /// Where the next chunk to fetch begins.
        var offset: Int64
        var failure: StoreError?

        /// What the reader gets, or has to do for it.
        mutating func next(before end: Int64) -> Next {
            if !chunks.isEmpty { return .chunk(chunks.removeFirst()) }
            switch fetching {
            case .underWay(let arrival): return .arrival(arrival)
            case .none: return offset < end ? .toFetch : .end
            case .failed(let error):
                fetching = .none
                return .failed(error)
            }
        }

        mutating func keep(_ fetched: Fetched) {
            switch fetched {
            case .failure(let error): fetching = .failed(error)
            case .success(let (more, file)):
                self.file = file
                chunks += more
                offset += more.reduce(0) { $0 + Int64($1.count) }
                fetching = .none
            }
        }
    }

    private enum Next {
        case chunk([UInt8])
        case arrival(Pending<Void>)
        case failed(StoreError)
        case toFetch
        case end
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
        var outage = Outage(of: storage)
        while true {
            switch state.withLock({ $0.next(before: end) }) {
            case .end: return nil
            case .arrival(let arrival): await arrival.take()
            case .toFetch: fetch(atLeast: 1)
            case .chunk(let chunk):
                fetch()
                return chunk
            case .failed(let error):
                do throws(StoreError) { try await outage.wait(or: error) } catch {
                    let failure = error.during("readObject", key: key.text, root: storage.address)
                    state.withLock { $0.failure = failure }
                    throw failure
                }
            }
        }
    }

    /// Begins to fetch what there is room for, unless some of it is on its way, or nothing is left. Where many chunks
    /// are fetched ahead, half of them are done in one visit.
    private func fetch(atLeast least: Int = 0) {
        let arrival = Pending<Void>()
        let ahead = pieces.ahead ?? 1
        let begun = state.withLock { state -> (count: Int, file: OpenFile, offset: Int64)? in
            let room = ahead - state.chunks.count
            let count = max(room * 2 >= ahead ? room : 0, least)
            guard case .none = state.fetching, count > 0, state.offset < self.end else { return nil }
            state.fetching = .underWay(arrival)
            return (count, state.file, state.offset)
        }
        guard let (count, file, offset) = begun else { return }
        let (key, size, end, pieces) = (key, size, end, pieces)
        storage.begin("readObject", lane: .reading) { (root, _) throws(StoreError) in
            do throws(StoreError) {
                return (try root.chunks(count, of: file, at: offset, upTo: end, in: pieces), file)
            } catch {
                guard error.isStale else { throw error }
                let fresh = try root.reopen(key, size: size)
                return (try root.chunks(count, of: fresh, at: offset, upTo: end, in: pieces), fresh)
            }
        } answer: { (result: Fetched) in
            // Here, since what was read may be read again; and on the same thread.
            if case .success(let fetched) = result { pieces.tell(fetched.chunks, from: offset) }
            self.state.withLock { $0.keep(result) }
            arrival.deliver(())
            self.fetch()
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

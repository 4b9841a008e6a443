public import BlobStore
internal import BlobSystem
internal import Synchronization

extension FileStorage {
    /// The first chunk comes with the opening, so that a small object is one visit to a blocking thread; of a larger
    /// one the next chunk is read while the caller works on the last.
    public func readObject(
        _ key: Key, range: Range<Int64>?, _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try key.expectObject()
        let opened = try await blocking("readObject", key) { (files, _) throws(StoreError) in
            try files.open(key, range)
        }
        let reading = ObjectReading(opened, key, storage: self)
        try await body(
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

extension RootFiles {
    func open(_ key: Key, _ range: Range<Int64>?) throws(StoreError) -> OpenedObject {
        guard let there = try folders.existing(key.folder)?.openStored(String(key.name)) else {
            throw StoreError.missing(key)
        }
        let size = there.status.sizeBytes
        let wanted = range ?? 0..<size
        guard (0...size).contains(wanted.lowerBound) else {
            throw StoreError(.invalidArgument, "a range from \(wanted.lowerBound) is beyond the end of \"\(key)\"")
        }
        let cut = wanted.clamped(to: 0..<size)
        let first = try chunk(of: there.file, key, at: cut.lowerBound, upTo: cut.upperBound)
        return OpenedObject(file: there.file, info: try info(there.status), range: cut, first: first)
    }

    /// The chunk at `offset`: whole, or an error.
    func chunk(of file: OpenFile, _ key: Key, at offset: Int64, upTo end: Int64) throws(StoreError) -> [UInt8] {
        let count = Int(min(end - offset, Int64(chunkSizeBytes)))
        if count == 0 { return [] }
        let bytes = try file.read(at: offset, count: count)
        if bytes.count < count {
            throw StoreError(
                .corrupt, "\"\(key)\" ended after \(offset + Int64(bytes.count)) bytes: it was cut off meanwhile")
        }
        return bytes
    }

    /// Opens the object again after the server forgot it: it must be as large as it was.
    func reopen(_ key: Key, size: Int64) throws(StoreError) -> OpenFile {
        guard let there = try folders.existing(key.folder)?.openStored(String(key.name)) else {
            throw StoreError(.notFound, "\"\(key)\" was removed while it was read")
        }
        guard there.status.sizeBytes == size else {
            throw StoreError.otherSize(key, found: there.status.sizeBytes, wanted: size)
        }
        return there.file
    }
}

/// A reading in progress, one chunk ahead of its reader.
private final class ObjectReading: Sendable {
    private typealias Chunk = Result<(bytes: [UInt8], file: OpenFile), StoreError>

    private struct State {
        var file: OpenFile
        var first: [UInt8]?
        var ahead: Pending<Chunk>?
        /// Where the chunk ahead begins.
        var offset: Int64
        var failure: StoreError?
    }

    private let key: Key
    private let size: Int64
    private let end: Int64
    private let storage: FileStorage
    private let state: Mutex<State>

    init(_ opened: OpenedObject, _ key: Key, storage: FileStorage) {
        self.key = key
        self.storage = storage
        size = opened.info.size
        end = opened.range.upperBound
        state = Mutex(State(file: opened.file, first: opened.first, offset: opened.range.lowerBound))
    }

    func next() async throws(StoreError) -> [UInt8]? {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        if Task.isCancelled { throw StoreError(.cancelled, "the reading of \"\(key)\" was cancelled") }
        let (bytes, ahead) = state.withLock { state in (state.first.take(), state.ahead.take()) }
        if let bytes { return deliver(bytes, nil) }
        guard let ahead else { return nil }
        switch await ahead.take() {
        case .success(let chunk): return deliver(chunk.bytes, chunk.file)
        case .failure(let error):
            let failure = error.during("readObject", key: key.text, root: storage.address)
            state.withLock { $0.failure = failure }
            throw failure
        }
    }

    private func deliver(_ bytes: [UInt8], _ file: OpenFile?) -> [UInt8]? {
        if bytes.isEmpty { return nil }
        let (source, offset) = state.withLock { state in
            state.offset += Int64(bytes.count)
            if let file { state.file = file }
            return (state.file, state.offset)
        }
        if offset < end { readAhead(source, offset) }
        return bytes
    }

    private func readAhead(_ file: OpenFile, _ offset: Int64) {
        let ahead = Pending<Chunk>()
        state.withLock { $0.ahead = ahead }
        let (key, size, end) = (key, size, end)
        storage.begin("readObject") { (files, _) throws(StoreError) in
            do throws(StoreError) { return (try files.chunk(of: file, key, at: offset, upTo: end), file) } catch {
                guard error.isStale else { throw error }
                let fresh = try files.reopen(key, size: size)
                return (try files.chunk(of: fresh, key, at: offset, upTo: end), fresh)
            }
        } answer: { (result: Chunk) in
            ahead.deliver(result)
        }
    }
}

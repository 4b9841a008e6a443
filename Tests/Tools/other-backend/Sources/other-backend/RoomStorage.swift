import BlobStore
import Synchronization

/// A storage in a room.
struct RoomStorage: Storage {
    let address: String
    let capabilities = Capabilities(sharedWriters: true, atomicMove: true, copyWithoutBytes: false)
    private let room: Room

    init(_ room: Room, address: String) {
        self.room = room
        self.address = address
    }

    func checkLocation() async throws(StoreError) {}
    func close() async {}
}

// MARK: - Objects

extension RoomStorage {
    func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try key.expectObject()
        return room.contents.withLock { $0.entries[key]?.info }
    }

    func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try key.expectObject()
        guard let entry = room.contents.withLock({ $0.entries[key] }) else { throw Self.missing(key) }
        let whole = 0..<Int64(entry.bytes.count)
        let wanted = range ?? whole
        guard wanted.lowerBound <= whole.upperBound else {
            throw StoreError(.invalidArgument, "\(key) ends before \(wanted.lowerBound)")
        }
        let cut = wanted.clamped(to: whole)
        let position = Mutex(Int(cut.lowerBound))
        let chunks = AsyncPull { () throws(StoreError) -> [UInt8]? in
            position.withLock { position in
                if position == cut.upperBound { return nil }
                let end = min(position + min(1 << 16, pieces.sizeBytes), Int(cut.upperBound))
                defer { position = end }
                return Array(entry.bytes[position..<end])
            }
        }
        return try await body(ObjectContent(info: entry.info, range: cut, chunks: chunks))
    }

    func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        var bytes: [UInt8] = []
        for try await chunk in try await source.read() {
            if Task.isCancelled { throw StoreError(.cancelled, "the write of \(key) was cancelled") }
            bytes += chunk
        }
        guard Int64(bytes.count) == source.size else {
            throw StoreError(.sourceFailed, "\(key) has \(bytes.count) bytes instead of \(source.size)")
        }
        return try put(key, bytes)
    }

    fileprivate func put(_ key: Key, _ bytes: [UInt8]) throws(StoreError) -> CommitOutcome {
        try room.contents.withLock { contents throws(StoreError) in try contents.put(key, bytes) }
    }

    func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try key.expectObject()
        return room.contents.withLock { contents in
            guard let entry = contents.entries[key], Int64(entry.bytes.count) == size else { return false }
            contents.entries[key]?.writtenAt = .now
            return true
        }
    }

    func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try key.expectObject()
        try destination.expectObject()
        try room.contents.withLock { contents throws(StoreError) in
            guard let entry = contents.entries[key] else { throw Self.missing(key) }
            guard contents.entries[destination] == nil else {
                throw StoreError(.alreadyExists, "\(destination) is there already")
            }
            contents.entries[destination] = entry
            contents.entries[key] = nil
        }
    }

    func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        try destination.expectObject()
        throw StoreError(.unsupported, "\(address) copies nothing by itself")
    }

    func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        keys.map { key in
            Result { () throws(StoreError) in
                try key.expectObject()
                room.contents.withLock { $0.entries[key] = nil }
            }
        }
    }

    private static func missing(_ key: Key) -> StoreError { StoreError(.notFound, "there is no object \(key)") }
}

// MARK: - Records

extension RoomStorage {
    func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        keys.map { key in
            Result { () throws(StoreError) in
                try key.expectRecord()
                return room.contents.withLock { contents in
                    contents.entries[key].map { entry in
                        Record(bytes: entry.bytes, version: Record.Version(token: String(entry.token)))
                    }
                }
            }
        }
    }

    func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try key.expectRecord()
        guard bytes.count <= Record.maximumBytes else {
            throw StoreError(.invalidArgument, "\(key) would be larger than \(Record.maximumBytes) bytes")
        }
        return try room.contents.withLock { contents throws(StoreError) in
            let found = contents.entries[key].map { Record.Version(token: String($0.token)) }
            guard expecting == found.map({ .version($0) }) ?? .absent else {
                throw StoreError(.preconditionFailed, "\(key) is not what was expected")
            }
            let token = contents.nextToken()
            contents.entries[key] = Room.Entry(bytes: bytes, token: token)
            return Record.Version(token: String(token))
        }
    }

    func flushRecord(_ key: Key) async throws(StoreError) { try key.expectRecord() }

    func removeRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        room.contents.withLock { $0.entries[key] = nil }
    }
}

// MARK: - Listing and uploads

extension RoomStorage {
    func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        let last = Mutex("")
        return AsyncPull { () throws(StoreError) -> [ListEntry]? in
            if Task.isCancelled { throw StoreError(.cancelled, "the listing was cancelled") }
            return last.withLock { last in
                let page = room.contents.withLock { $0.page(of: request, after: last) }
                switch page.last {
                case .key(let key, _)?: last = key.text
                case .folder(let folder)?: last = folder.text
                default: return nil
                }
                return page
            }
        }
    }

    func stageObject() async throws(StoreError) -> StagedObject {
        let id = room.contents.withLock { contents in
            let token = contents.nextToken()
            contents.uploads[String(token)] = Room.Entry(bytes: [], token: token)
            return String(token)
        }
        return StagedObject(RoomUpload(id, room))
    }

    func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        let page = Mutex<[UploadInFlight]?>(
            room.contents.withLock { contents in
                contents.uploads.map { UploadInFlight(id: $0, size: $1.info.size, age: $1.info.age) }
            })
        return AsyncPull { () throws(StoreError) in page.withLock { $0.take() } }
    }

    func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        room.contents.withLock { $0.uploads[upload.id] = nil }
    }
}

/// Content on its way into a room.
private final class RoomUpload: StagedUpload {
    private let id: String
    private let room: Room

    init(_ id: String, _ room: Room) {
        self.id = id
        self.room = room
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        if Task.isCancelled { throw StoreError(.cancelled, "the upload was cancelled") }
        try room.contents.withLock { contents throws(StoreError) in
            guard contents.uploads[id] != nil else { throw Self.gone }
            contents.uploads[id]?.bytes += chunk
            contents.uploads[id]?.writtenAt = .now
        }
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        return try room.contents.withLock { contents throws(StoreError) in
            guard let upload = contents.uploads[id] else { throw Self.gone }
            return try contents.put(key, upload.bytes)
        }
    }

    func discard() async { abandon() }
    func abandon() { room.contents.withLock { $0.uploads[id] = nil } }

    private static var gone: StoreError { StoreError(.notFound, "the upload was discarded") }
}

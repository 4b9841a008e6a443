import BlobStore
import Synchronization

/// A bucket in memory that counts what would be requests: each record, each page of a listing.
final class CountedBucket: Storage, FencedRemovals, DigestedListings {
    private struct State {
        var requests: [String: Int] = [:]
        /// Records of which listings go on telling what stood there then.
        var lagging: [Key: ObjectInfo] = [:]
        var listsAtOnce: Bool? = true
        var refusesWritesBelow: String?
    }

    let base: MemoryStorage
    private let state = Mutex(State())

    init(pageSize: Int = 1_000) {
        base = MemoryStorage(address: "memory:", pageSize: pageSize, movesAtomically: false)
    }

    var address: String { base.address }
    var capabilities: Capabilities { base.capabilities }
    var fence: Duration { base.fence }

    /// Requests since the last call, by their kind and the first folder.
    func take() -> [String: Int] {
        state.withLock { state in
            defer { state.requests = [:] }
            return state.requests
        }
    }

    /// What it answers to who asks whether listings show writes at once.
    func answer(_ listsAtOnce: Bool?) { state.withLock { $0.listsAtOnce = listsAtOnce } }

    /// From now on nothing below that text may be written.
    func refuseWrites(below text: String?) { state.withLock { $0.refusesWritesBelow = text } }

    /// From now on listings tell of a record what they tell now.
    func lag(_ key: Key) async throws {
        for case .key(let found, let info?) in try await base.list(ListRequest(key.folder, wantsDetails: true))
            .flattened()
        where found == key {
            state.withLock { $0.lagging[key] = info }
        }
    }

    private func count(_ kind: String, _ key: Key? = nil, _ number: Int = 1) {
        let name = key.map { "\(kind) \($0.text.prefix { $0 != "/" })" } ?? kind
        state.withLock { $0.requests[name, default: 0] += number }
    }

    private func refuse(_ key: Key) throws(StoreError) {
        guard let text = state.withLock({ $0.refusesWritesBelow }), key.text.hasPrefix(text) else { return }
        throw StoreError(.permissionDenied, "the account may not write \(key)")
    }

    func listsWritesAtOnce(measuring: Bool) async throws(StoreError) -> Bool? { state.withLock { $0.listsAtOnce } }
    func checkLocation() async throws(StoreError) {}
    func close() async {}
    func expectFence() async throws(StoreError) {}
    func prepareRemoval(of key: Key) async throws(StoreError) -> PreparedRemoval {
        try await base.prepareRemoval(of: key)
    }
}

extension CountedBucket {
    func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        count("stat", key)
        return try await base.statObject(key)
    }

    func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        count("get", key)
        return try await base.readObject(key, range: range, in: pieces, body)
    }

    func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        count("put", key)
        try refuse(key)
        return try await base.writeObject(key, source)
    }

    func stageObject() async throws(StoreError) -> StagedObject { try await base.stageObject() }

    func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        count("copy", key)
        return try await base.refreshObject(key, size: size)
    }

    func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        count("copy", key)
        try await base.moveObject(key, to: destination)
    }

    func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        count("copy", key)
        let place = try await source.place(of: key)
        let origin: any Storage = (place.storage as? CountedBucket)?.base ?? place.storage
        return try await base.copyObject(from: origin, place.key, to: destination)
    }

    func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        count("delete", keys.first)
        return try await base.removeObjects(keys)
    }

    func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        for key in keys { count("get", key) }
        return await base.readRecords(keys)
    }

    func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        count("put", key)
        try refuse(key)
        return try await base.writeRecord(key, bytes, expecting: expecting)
    }

    func flushRecord(_ key: Key) async throws(StoreError) {}

    func removeRecord(_ key: Key) async throws(StoreError) {
        count("delete", key)
        try await base.removeRecord(key)
    }

    func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        let next = base.list(request).puller()
        return AsyncPull { [self] () async throws(StoreError) in
            count("list")
            let lagging = state.withLock { $0.lagging }
            return try await next()?.map { entry in
                guard case .key(let key, _?) = entry, let info = lagging[key] else { return entry }
                return .key(key, info)
            }
        }
    }

    func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        count("list")
        return base.uploadsInFlight()
    }

    func discardUpload(_ upload: UploadInFlight) async throws(StoreError) { try await base.discardUpload(upload) }
}

extension [String: Int] {
    /// All requests.
    var sum: Int { values.reduce(0, +) }
}

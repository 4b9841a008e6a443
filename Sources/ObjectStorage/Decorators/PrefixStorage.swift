/// A folder of another storage as a storage of its own.
///
/// *Guarantees*: those of the storage beneath. Uploads in flight are those of the whole storage beneath: they have no
/// key yet.
///
/// *Throws*: beside what the storage beneath throws, `invalidKey` for a key that is too long behind the prefix.
public struct PrefixStorage: StorageDecorator {
    private let base: any Storage
    private let prefix: KeyPrefix

    /// What stands in `prefix` of `base`.
    public init(_ base: any Storage, prefix: KeyPrefix) {
        self.base = base
        self.prefix = prefix
    }

    public var address: String { prefix.text.isEmpty ? base.address : "\(base.address)/\(prefix.text.dropLast())" }
    public var capabilities: Capabilities { base.capabilities }
    public func checkLocation() async throws(StoreError) { try await base.checkLocation() }
    public func close() async { await base.close() }

    public func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) {
        (base, try beneath(key))
    }

    private func beneath(_ key: Key) throws(StoreError) -> Key { try prefix.appending(key.text) }
}

extension PrefixStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try await base.statObject(try beneath(key))
    }

    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await base.readObject(try beneath(key), range: range, in: pieces, body)
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try await base.writeObject(try beneath(key), source)
    }

    public func stageObject() async throws(StoreError) -> StagedObject {
        StagedObject(PrefixedUpload(try await base.stageObject(), prefix: prefix))
    }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try await base.refreshObject(try beneath(key), size: size)
    }

    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try await base.moveObject(try beneath(key), to: try beneath(destination))
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await base.copyObject(from: source, key, to: try beneath(destination))
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        let (valid, outcomes) = translate(keys)
        return outcomes(valid.isEmpty ? [] : try await base.removeObjects(valid))
    }

    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        let (valid, outcomes) = translate(keys, Record?.self)
        return outcomes(valid.isEmpty ? [] : await base.readRecords(valid))
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try await base.writeRecord(try beneath(key), bytes, expecting: expecting)
    }

    public func flushRecord(_ key: Key) async throws(StoreError) { try await base.flushRecord(try beneath(key)) }
    public func removeRecord(_ key: Key) async throws(StoreError) { try await base.removeRecord(try beneath(key)) }

    /// The keys that fit beneath, and how their results become one for each of `keys`.
    private func translate<Value>(
        _ keys: [Key], _: Value.Type = Void.self
    ) -> (valid: [Key], outcomes: ([Result<Value, StoreError>]) -> [Result<Value, StoreError>]) {
        let translated = keys.map { key in Result { () throws(StoreError) in try beneath(key) } }
        let valid = translated.compactMap { try? $0.get() }
        return (
            valid,
            { found in
                var next = found.makeIterator()
                return translated.map { key in
                    switch key {
                    case .failure(let error): .failure(error)
                    case .success: next.next() ?? .failure(StoreError(.failed, "a key was left without an answer"))
                    }
                }
            }
        )
    }
}

extension PrefixStorage {
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        let whole: ListRequest
        do throws(StoreError) {
            var inner = request
            inner.prefix = try KeyPrefix(prefix.text + request.prefix.text)
            inner.startAfter = if let after = request.startAfter { try beneath(after) } else { nil }
            whole = inner
        } catch {
            return AsyncPull { () throws(StoreError) in throw error }
        }
        let pages = base.list(whole).puller()
        return AsyncPull { () async throws(StoreError) in try await pages()?.map(above) }
    }

    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> { base.uploadsInFlight() }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        try await base.discardUpload(upload)
    }

    /// The entry as it is named in here.
    private func above(_ entry: ListEntry) -> ListEntry {
        switch entry {
        case .key(let key, let info): .key(Key(trusted: shortened(key.text)), info)
        case .folder(let folder): .folder(KeyPrefix(trusted: shortened(folder.text)))
        case .foreign(let path, let oddity): .foreign(shortened(path), oddity)
        case .access(let path, let problem): .access(shortened(path), problem)
        case .unreadable(let folder, let error): .unreadable(KeyPrefix(trusted: shortened(folder.text)), error)
        }
    }

    private func shortened(_ path: String) -> String {
        path.utf8.starts(with: prefix.text.utf8) ? String(path.utf8.dropFirst(prefix.text.utf8.count)) ?? path : path
    }
}

/// A staged object that is committed under a key behind the prefix.
private final class PrefixedUpload: StagedUpload {
    private let staged: StagedObject
    private let prefix: KeyPrefix

    init(_ staged: consuming StagedObject, prefix: KeyPrefix) {
        self.staged = staged
        self.prefix = prefix
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) { try await staged.append(chunk) }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        try await staged.commit(try prefix.appending(key.text))
    }

    func discard() async { await staged.release() }

    /// The staged object beneath goes out of scope with this one, at once after this call.
    func abandon() {}
}

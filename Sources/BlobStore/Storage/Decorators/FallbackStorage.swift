/// A storage that reads from a second one what the first has not; it writes only to the first.
///
/// *Guarantees*: those of the first storage, as long as nobody writes to the second one. A record that stands only in
/// the second is replaced by creating it in the first. An error of the first is an error: only what it *knows* to be
/// absent is looked for in the second.
///
/// *Throws*: `readOnly` for removing what stands in the second, for it would stay visible.
public struct FallbackStorage: StorageDecorator {
    private let first: any Storage
    private let second: any Storage

    /// - Parameters:
    ///   - first: read before the second, and the only one that is written.
    ///   - second: read where the first has nothing.
    public init(_ first: any Storage, readingAlso second: any Storage) {
        self.first = first
        self.second = second
    }

    public var address: String { first.address }
    public var capabilities: Capabilities { first.capabilities }

    public func checkLocation() async throws(StoreError) {
        try await first.checkLocation()
        try await second.checkLocation()
    }

    public func close() async {
        await first.close()
        await second.close()
    }

    public func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) {
        (try await first.statObject(key) == nil ? second : first, key)
    }

    private func refusal(_ key: Key) -> StoreError {
        StoreError(.readOnly, "\"\(key)\" stands also in \(second.address), which is only read, and stays there")
    }
}

extension FallbackStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        if let info = try await first.statObject(key) { return info }
        return try await second.statObject(key)
    }

    public func readObject(
        _ key: Key, range: Range<Int64>?, _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var isOpen = false
        do {
            try await first.readObject(key, range: range) { content async throws(StoreError) in
                isOpen = true
                try await body(content)
            }
        } catch  where error.code == .notFound && !isOpen {
            try await second.readObject(key, range: range, body)
        }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try await first.writeObject(key, source)
    }

    public func stageObject() async throws(StoreError) -> StagedObject { try await first.stageObject() }

    /// False for what stands only in the second: whoever wants it to stay writes it to the first.
    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try await first.refreshObject(key, size: size)
    }

    /// Moves within the first; what stands in the second is not found, but its name is taken.
    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        if try await second.statObject(destination) != nil {
            throw StoreError(.alreadyExists, "there is an object \"\(destination)\" already, in \(second.address)")
        }
        if try await second.statObject(key) != nil { throw refusal(key) }
        try await first.moveObject(key, to: destination)
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await first.copyObject(from: source, key, to: destination)
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        var results = try await first.removeObjects(keys)
        for (index, key) in keys.enumerated() where (try? results[index].get()) != nil {
            if try await second.statObject(key) != nil { results[index] = .failure(refusal(key)) }
        }
        return results
    }
}

extension FallbackStorage {
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        var results = await first.readRecords(keys)
        let absent = results.indices.filter { if case .success(nil) = results[$0] { true } else { false } }
        guard !absent.isEmpty else { return results }
        for (index, result) in zip(absent, await second.readRecords(absent.map { keys[$0] })) {
            results[index] = result.map { record in
                record.map { Record(bytes: $0.bytes, version: Self.marked($0.version), flaw: $0.flaw) }
            }
        }
        return results
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        guard let expectation = try await expectationOfFirst(key, expecting) else {
            throw StoreError(.preconditionFailed, "the record \"\(key)\" is not, or no longer, what was expected")
        }
        return try await first.writeRecord(key, bytes, expecting: expectation)
    }

    public func flushRecord(_ key: Key) async throws(StoreError) {
        let isInFirst = try await first.readRecord(key) != nil
        try await (isInFirst ? first : second).flushRecord(key)
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try await first.removeRecord(key)
        if try await second.readRecord(key) != nil { throw refusal(key) }
    }

    /// What the first must hold for `expecting` to be true of both together; nil when it is not.
    private func expectationOfFirst(
        _ key: Key, _ expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Expectation? {
        switch expecting {
        case .version(let version) where version.token.hasPrefix(Self.mark):
            try await second.readRecord(key).map { Self.marked($0.version) } == version ? .absent : nil
        case .version:
            expecting
        case .absent:
            try await second.readRecord(key) == nil ? .absent : nil
        }
    }

    /// Tells a version of the second storage from one of the first.
    private static let mark = "fallback:"

    private static func marked(_ version: Record.Version) -> Record.Version {
        Record.Version(token: mark + version.token)
    }
}

extension FallbackStorage {
    /// What stands in either, each key once.
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        MergedListing.pages(first.list(request), second.list(request))
    }

    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> { first.uploadsInFlight() }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        try await first.discardUpload(upload)
    }
}

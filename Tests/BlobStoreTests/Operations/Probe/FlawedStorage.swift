import BlobStore
import Synchronization

/// A memory storage with one flaw.
final class FlawedStorage: StorageDecorator {
    let base: any Storage
    let flaw: Flaw
    /// Keys that were found absent, last values, and whatever else a flaw keeps.
    let memory = Mutex(Memory())

    struct Memory {
        var absent: Set<Key> = []
        var removed: Set<Key> = []
        var versions: [Key: Record] = [:]
        var turns = 0
    }

    init(_ flaw: Flaw) {
        self.flaw = flaw
        base = MemoryStorage(pageSize: 20)
    }

    var address: String { base.address }
    var capabilities: Capabilities { base.capabilities }
    func checkLocation() async throws(StoreError) { try await base.checkLocation() }
    func close() async { await base.close() }
    func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) { (base, key) }

    /// True the first time, and each other time after it.
    func everyOtherTime() -> Bool {
        memory.withLock { memory in
            memory.turns += 1
            return memory.turns % 2 == 1
        }
    }

    /// Lets others in, as a backend that looks before it acts would.
    func pause() async {
        for _ in 0..<20 { await Task.yield() }
    }
}

extension FlawedStorage {
    func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        var results = await base.readRecords(keys)
        switch flaw {
        case .absentRecordsAreLeftOut:
            results = results.filter { if case .success(nil) = $0 { keys.count == 1 } else { true } }
        case .readersGoBack, .oldGenerationShows:
            guard keys.count == 1, everyOtherTime(), let last = memory.withLock({ $0.versions[keys[0]] }) else { break }
            results = [.success(last)]
        case .objectKeysPass:
            results = zip(keys, results).map { $0.isRecord ? $1 : .success(nil) }
        default: break
        }
        return results
    }

    func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        switch flaw {
        case .createOverwrites where expecting == .absent, .staleVersionWins where expecting != .absent:
            return try await overwrite(key, bytes)
        case .lastWriterWins:
            await pause()
            return try await overwrite(key, bytes)
        case .creatorsCheckFirst where expecting == .absent, .writersCheckFirst where expecting != .absent:
            let found: Record.Expectation = try await base.readRecord(key).map { .version($0.version) } ?? .absent
            guard found == expecting else { throw StoreError(.preconditionFailed, "lost") }
            await pause()
            return try await overwrite(key, bytes)
        case .loserIsVisible:
            return try await writeAndTakeBack(key, bytes, expecting)
        case .recordsHaveNoLimit where bytes.count > Record.maximumBytes:
            return try await base.writeRecord(key, Array(bytes.prefix(10)), expecting: expecting)
        case .removedVersionsLive where memory.withLock { $0.removed.contains(key) } && expecting != .absent:
            return Record.Version(token: "as if")
        case .readersGoBack, .oldGenerationShows:
            if let record = try await base.readRecord(key), expecting == .version(record.version) {
                memory.withLock { $0.versions[key] = record }
            }
        default: break
        }
        return try await base.writeRecord(key, bytes, expecting: expecting)
    }

    func flushRecord(_ key: Key) async throws(StoreError) {
        if flaw == .objectKeysPass { return }
        try await base.flushRecord(key)
        if flaw == .flushForgets { try await base.removeRecord(key) }
    }

    func removeRecord(_ key: Key) async throws(StoreError) {
        if flaw == .removedVersionsLive { memory.withLock { _ = $0.removed.insert(key) } }
        try await base.removeRecord(key)
    }

    private func overwrite(_ key: Key, _ bytes: [UInt8]) async throws(StoreError) -> Record.Version {
        let found: Record.Expectation = try await base.readRecord(key).map { .version($0.version) } ?? .absent
        return try await base.writeRecord(key, bytes, expecting: found)
    }

    /// Shows a loser's bytes for a while.
    private func writeAndTakeBack(
        _ key: Key, _ bytes: [UInt8], _ expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        guard let found = try await base.readRecord(key), expecting != .version(found.version) else {
            return try await base.writeRecord(key, bytes, expecting: expecting)
        }
        let version = try await overwrite(key, bytes)
        await pause()
        _ = try await base.writeRecord(key, found.bytes, expecting: .version(version))
        throw StoreError(.preconditionFailed, "lost, after all")
    }
}

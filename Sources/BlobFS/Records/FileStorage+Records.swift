internal import BlobCrypto
internal import BlobSystem
public import ObjectStorage

extension FileStorage {
    private static let recordsPerVisit = 32

    /// Some dozens of records are one visit to a blocking thread; the visits run side by side.
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        if keys.count > Self.recordsPerVisit { return await readRecordsInVisits(keys) }
        let address = address
        do {
            let results = try await blocking("readRecord", lane: .reading) { (root, _) throws(StoreError) in
                let results = root.read(keys)
                if root.directory.filesystem.isShared { try results.expectNobodyAway() }
                return results
            }
            return zip(keys, results).map { key, result in
                result.mapError { $0.during("readRecord", key: key.text, root: address) }
            }
        } catch {
            return keys.map { .failure(error.during("readRecord", key: $0.text)) }
        }
    }

    private func readRecordsInVisits(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        let starts = Array(stride(from: 0, to: keys.count, by: Self.recordsPerVisit))
        return await withTaskGroup { group in
            for start in starts {
                group.addTask {
                    (start, await self.readRecords(Array(keys[start...].prefix(Self.recordsPerVisit))))
                }
            }
            var parts: [Int: [Result<Record?, StoreError>]] = [:]
            for await (start, part) in group { parts[start] = part }
            return starts.flatMap { parts[$0] ?? [] }
        }
    }

    /// *Throws*: `outcomeUnknown` also where the record has its name and the flush of the folder failed: every node
    /// reads it, and a power cut may take it back.
    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try key.expectRecord()
        guard bytes.count <= Record.maximumBytes else { throw .tooLarge(key) }
        do {
            return try await blocking("writeRecord", key) { (root, deadline) throws(StoreError) in
                try RecordWriting(root: root, key: key, bytes: bytes, deadline: deadline).run(expecting: expecting)
            }
        } catch  where error.circumstance == .stillRunning {
            throw StoreError(
                .outcomeUnknown,
                "the filesystem did not answer in time; \"\(key)\" may or may not be written, so read it again"
            )
            .during("writeRecord", key: key.text, root: address)
        }
    }

    public func flushRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        try await blocking("flushRecord", key) { (root, _) throws(StoreError) in try root.flush(key) }
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        try await blocking("removeRecord", key) { (root, deadline) throws(StoreError) in
            try root.remove(key, deadline)
        }
    }
}

extension FileStorage: FormerVersions {
    public func recordAge(_ key: Key) async throws(StoreError) -> Duration? {
        try key.expectRecord()
        return try await blocking("recordAge", key, lane: .reading) { (root, _) throws(StoreError) in
            try root.age(ofRecord: key)
        }
    }

    public func formerVersions(
        of keys: [Key], idle: Duration, removing: Bool
    ) async throws(StoreError) -> [FormerVersion] {
        try await blocking("formerVersions", keys.first, extra: .changing(names: keys.count)) {
            (root, deadline) throws(StoreError) in
            var found: [FormerVersion] = []
            for key in keys {
                try key.expectRecord()
                try deadline.expectTime(for: "the pruning of records")
                guard let folder = try root.folders.existing(key.folder) else { continue }
                found += try root.prune(key, in: folder, idle: idle, removes: removing)
            }
            return found
        }
    }
}

// MARK: - Reading

extension OpenRoot {
    static let maximumLooks = 64

    /// Reads records, each folder opened once for those in it.
    func read(_ keys: [Key]) -> [Result<Record?, StoreError>] {
        var results: [Result<Record?, StoreError>] = []
        var last: (prefix: KeyPrefix, folder: Result<OpenFile?, StoreError>)?
        for key in keys {
            let prefix = key.folder
            if last?.prefix != prefix {
                last = (prefix, Result { () throws(StoreError) in try folders.existing(prefix) })
            }
            let folder = last?.folder ?? .success(nil)
            results.append(
                Result { () throws(StoreError) in
                    try key.expectRecord()
                    do throws(StoreError) {
                        guard let folder = try folder.get() else { return nil }
                        return try read(key, in: folder)
                    } catch {
                        if error.isStale { return try rereading(key) }
                        throw error
                    }
                })
        }
        return results
    }

    private func rereading(_ key: Key) throws(StoreError) -> Record? {
        try steadily { (_) throws(StoreError) in
            guard let folder = try folders.existing(key.folder) else { return nil }
            return try read(key, in: folder)
        }
    }

    /// Looks in `K~`, then at `K`; when the file that was chosen is gone, it looks again.
    func read(_ key: Key, in folder: OpenFile) throws(StoreError) -> Record? {
        for _ in 0..<Self.maximumLooks {
            switch try look(atGenerationsOf: key, in: folder) {
            case .changing: continue
            case .listed(let later) where !later.numbers.isEmpty:
                if let record = try record(later.highest, String(later.highest), in: later.folder) { return record }
            case .none, .listed: return try record(Generations.first, String(key.name), in: folder)
            }
        }
        throw StoreError(.unavailable, "the record \"\(key)\" was replaced faster than it could be read; try again")
    }

    /// The generations beside `K`, listed afresh; nil when there is no folder for them.
    /// - Throws: `unavailable` when they are being changed all the time.
    func generations(of key: Key, in folder: OpenFile) throws(StoreError) -> Generations? {
        switch try look(atGenerationsOf: key, in: folder) {
        case .none: nil
        case .listed(let listed): listed
        case .changing: throw StoreError(.unavailable, "the record keeps changing; try again")
        }
    }

    func look(atGenerationsOf key: Key, in folder: OpenFile) throws(StoreError) -> Generations.Look {
        let name = Generations.folderName(of: key)
        do throws(StoreError) {
            guard let later = try folders.enterRare(name, in: folder) else { return .none }
            return try Generations(listing: later).map { .listed($0) } ?? .changing
        } catch {
            // What an editor left beside it is no later generation.
            if error.errno == .notDirectory, try isFile(name, in: folder) { return .none }
            throw error
        }
    }

    private func isFile(_ name: String, in folder: OpenFile) throws(StoreError) -> Bool {
        do { return try calls.status(of: name, in: folder.raw).kind == .file } catch {
            if error == .notFound { return false }
            throw StoreError(error, call: "fstatat", folder.subject + "/" + name)
        }
    }

    private func record(_ generation: UInt64, _ name: String, in folder: OpenFile) throws(StoreError) -> Record? {
        guard let bytes = try content(name, in: folder) else { return nil }
        return Record(bytes: bytes, version: try RecordToken(generation, of: bytes).version)
    }

    /// A generation's bytes, which never change; nil when the name is gone.
    func content(_ name: String, in folder: OpenFile) throws(StoreError) -> [UInt8]? {
        guard let there = try folder.openStored(name) else { return nil }
        let size = there.status.sizeBytes
        guard size <= Int64(Record.maximumBytes) else {
            throw StoreError(.corrupt, "\(there.file.subject) has \(size) bytes, which is too large for a record")
        }
        return try there.file.readAll(at: 0, count: Int(size))
    }
}

// MARK: - Generations

/// What stands in the folder `K~` of record `K`: its later generations, and proposals for the next ones.
///
///     K                    generation 1, which is never pruned
///     K~/<N>               generation N, N > 1
///     K~/p.<N>.<uuid>      a finished proposal for generation N
struct Generations {
    static let first: UInt64 = 1
    /// No writer comes so far; what is named higher is nobody's generation.
    static let last: UInt64 = 1 << 53

    /// What a look beside a record finds.
    enum Look {
        /// No folder `K~`.
        case none
        case listed(Generations)
        /// It changed while it was listed: the listing must be taken again.
        case changing
    }

    let folder: OpenFile
    /// Ascending.
    private(set) var numbers: [UInt64] = []
    private(set) var proposals: [(name: String, target: UInt64)] = []
    /// Names that are neither, and that no writer of records made.
    private(set) var strangers: [String] = []

    /// The current generation.
    var highest: UInt64 { numbers.last ?? Self.first }

    /// The name of the folder beside `key`.
    static func folderName(of key: Key) -> String { key.name + "~" }

    static func proposalName(_ number: UInt64, _ unique: String) -> String { "p.\(number).\(unique)" }

    /// Lists the folder, which was opened just now.
    ///
    /// On a local filesystem what one call returns is a single moment. A listing that took several may have missed
    /// both a generation that was pruned and the one that replaced it; it counts only when the folder did not
    /// change meanwhile; else this is nil.
    init?(listing folder: OpenFile) throws(StoreError) {
        self.folder = folder
        let before = try folder.status().modified
        var found: [String] = []
        let rounds = try folder.names { found.append(String(decoding: $0.name, as: UTF8.self)) }
        if rounds > 1, try folder.status().modified != before { return nil }
        for name in found { sort(name) }
        numbers.sort()
    }

    private mutating func sort(_ name: String) {
        if let number = Self.number(name[...]) { return numbers.append(number) }
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "p", let target = Self.number(parts[1]) {
            proposals.append((name, target))
        } else if !name.hasPrefix(Litter.silly) {
            strangers.append(name)
        }
    }

    /// Only the canonical form counts: `2`, never `02` or `+2`.
    private static func number(_ text: Substring) -> UInt64? {
        guard let number = UInt64(text), number > first, number <= last, String(number) == text else { return nil }
        return number
    }
}

/// A version token: which generation, and the hash of its content.
struct RecordToken: Equatable {
    let generation: UInt64
    let hash: String

    init(_ generation: UInt64, of bytes: [UInt8]) throws(StoreError) {
        self.generation = generation
        hash = try Self.hash(of: bytes)
    }

    /// Nil for a token that this kind of storage never gave out.
    init?(_ version: Record.Version) {
        let parts = version.token.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let generation = UInt64(parts[0]), generation <= Generations.last else { return nil }
        self.generation = generation
        hash = String(parts[1])
    }

    var version: Record.Version { Record.Version(token: "\(generation)-\(hash)") }

    static func hash(of bytes: [UInt8]) throws(StoreError) -> String {
        guard let hash = Hasher.hex(.sha256, of: bytes) else {
            throw StoreError(.failed, "libcrypto refused to compute a SHA-256")
        }
        return hash
    }
}

extension [Result<Record?, StoreError>] {
    /// - Throws: the first error that says that the server could not be reached.
    fileprivate func expectNobodyAway() throws(StoreError) {
        for case .failure(let error) in self where error.isAway { throw error }
    }
}

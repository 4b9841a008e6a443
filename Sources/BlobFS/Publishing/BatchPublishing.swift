internal import BlobSystem
public import ObjectStorage

/// Many small files at once, by the steps of ``OpenRoot/publish(_:as:in:unstage:)``, each step for all of them before
/// the next one: so one visit to a thread, one look for a folder and, on a local disk, one flush serve dozens.
///
///     stage, write      each
///     flush             all files
///     link, unstage     each, exclusively
///     flush             the folders
///
/// What fails for one file ends that one alone.
struct BatchPublishing {
    typealias Item = (key: Key, bytes: [UInt8])

    /// A folder that was opened for this batch, and the mark of before anything was linked into it.
    private struct Folder {
        let file: OpenFile
        let mark: FlushFailures.Mark
    }

    private struct Staged {
        let file: StagedFile
        let folder: Folder
    }

    let root: OpenRoot
    let deadline: any JobDeadline

    /// - Parameters:
    ///   - expecting: refuses a file before it is staged.
    ///   - concluding: says what a link came to, once the folders were flushed.
    /// - Returns: one result for each, in the same order.
    func publish<Value>(
        _ items: [Item], expecting: (Item, OpenFile) throws(StoreError) -> Void = { (_, _) in },
        concluding: (Item, LinkOutcome, OpenFile) throws(StoreError) -> Value
    ) -> [Result<Value, StoreError>] {
        let staged = flushed(stage(items, expecting))
        let linked = flushedFolders(zip(items, staged).map { item, staged in link(item, staged) }, of: staged)
        return items.indices.map { index in
            Result { () throws(StoreError) in
                try concluding(items[index], linked[index].get(), staged[index].get().folder.file)
            }
        }
    }

    // MARK: Stage, write, flush

    private func stage(
        _ items: [Item], _ expecting: (Item, OpenFile) throws(StoreError) -> Void
    ) -> [Result<Staged, StoreError>] {
        var folders: [KeyPrefix: Folder] = [:]
        return items.map { item in
            Result { () throws(StoreError) in
                let folder = if let known = folders[item.key.folder] { known } else { try open(item.key.folder) }
                folders[item.key.folder] = folder
                try expecting(item, folder.file)
                let file = try root.staging.create()
                try file.write(item.bytes, at: 0)
                return Staged(file: file, folder: folder)
            }
        }
    }

    private func open(_ prefix: KeyPrefix) throws(StoreError) -> Folder {
        let folder = try root.folders.ensured(prefix)
        return Folder(file: folder, mark: try root.flusher.mark(folder))
    }

    private func flushed(_ staged: [Result<Staged, StoreError>]) -> [Result<Staged, StoreError>] {
        var flushes = StagedFile.flush(staged.compactMap { try? $0.get().file }, by: root.flusher).makeIterator()
        return staged.map { result in
            Result { () throws(StoreError) in
                let staged = try result.get()
                try flushes.next()?.get()
                staged.file.letGo()
                return staged
            }
        }
    }

    // MARK: Link, unstage, flush

    private func link(_ item: Item, _ staged: Result<Staged, StoreError>) -> Result<LinkOutcome, StoreError> {
        Result { () throws(StoreError) in
            let staged = try staged.get()
            try deadline.expectTime(for: "the write of \"\(item.key)\"")
            return try root.link(staged.file.named, as: String(item.key.name), in: staged.folder.file) {
                // A name that is left behind is stale staging, and no reason to call this a failure.
                try? staged.file.removeName()
            }
        }
    }

    /// Flushes each folder in which a file has got a name.
    private func flushedFolders(
        _ linked: [Result<LinkOutcome, StoreError>], of staged: [Result<Staged, StoreError>]
    ) -> [Result<LinkOutcome, StoreError>] {
        var folders: [ObjectIdentifier: (folder: OpenFile, mark: FlushFailures.Mark)] = [:]
        for case (.success(let outcome), .success(let staged)) in zip(linked, staged) {
            guard let mark = outcome.mark(since: staged.folder.mark) else { continue }
            let id = ObjectIdentifier(staged.folder.file)
            // Of two marks in one folder the earlier one holds for both.
            if folders[id] == nil || mark == .found { folders[id] = (staged.folder.file, mark) }
        }
        let ids = Array(folders.keys)
        let flushes = Dictionary(
            uniqueKeysWithValues: zip(ids, root.flusher.flush(folders: ids.compactMap { folders[$0] })))
        return zip(linked, staged).map { linked, staged in
            guard case (.success(let outcome), .success(let staged)) = (linked, staged),
                outcome.mark(since: staged.folder.mark) != nil,
                case .failure(let error)? = flushes[ObjectIdentifier(staged.folder.file)]
            else { return linked }
            return .success(.undurable(error))
        }
    }
}

extension LinkOutcome {
    /// From when on the folder must have been flushed; nil where nothing is to be made durable here.
    fileprivate func mark(since opened: FlushFailures.Mark) -> FlushFailures.Mark? {
        switch self {
        case .linked: opened
        case .own: .found  // By this call or an earlier one.
        case .taken, .unclear, .undurable: nil
        }
    }
}

extension FileStorage: BatchedCreation {
    /// On a local disk, whose flush a batch shares. On a share each file is flushed by itself, and many that wait for
    /// the server at once are faster. Without hard links each name is looked at and then taken, under a lock.
    public var batchSize: Int { root.directory.filesystem == .local && capabilities.atomicMove ? 128 : 1 }

    public func writeObjects(_ objects: [(key: Key, bytes: [UInt8])]) async -> [Result<CommitOutcome, StoreError>] {
        await inOneVisit(
            objects, named: "writeObject", expecting: { (key) throws(StoreError) in try key.expectObject() }
        ) { batch in
            batch.publish(objects) { (item, outcome, folder) throws(StoreError) in
                try batch.root.conclude(outcome, item.key, size: Int64(item.bytes.count), in: folder) ?? .created
            }
        }
    }

    public func createRecords(_ records: [(key: Key, bytes: [UInt8])]) async -> [Result<Record.Version, StoreError>] {
        let results = await inOneVisit(
            records, named: "writeRecord", expecting: { (key) throws(StoreError) in try key.expectRecord() }
        ) { batch in
            batch.publish(records) { (item, folder) throws(StoreError) in
                guard item.bytes.count <= Record.maximumBytes else { throw .tooLarge(item.key) }
                try batch.writing(item).expectNoGenerations(in: folder)
            } concluding: { (item, outcome, folder) throws(StoreError) in
                try batch.writing(item).conclude(outcome, in: folder)
                return try RecordToken(Generations.first, of: item.bytes).version
            }
        }
        return zip(records, results).map { record, result in
            result.mapError { error in
                guard error.circumstance == .stillRunning else { return error }
                return StoreError(
                    .outcomeUnknown,
                    "the filesystem did not answer in time; \"\(record.key)\" may or may not be written, so read it again"
                )
                .during("writeRecord", key: record.key.text, root: address)
            }
        }
    }

    private func inOneVisit<Value: Sendable>(
        _ items: [BatchPublishing.Item], named operation: String, expecting expect: (Key) throws(StoreError) -> Void,
        _ body: @escaping @Sendable (BatchPublishing) -> [Result<Value, StoreError>]
    ) async -> [Result<Value, StoreError>] {
        let bytes = items.reduce(0) { $0 + Int64($1.bytes.count) }
        let extra = Duration.flushing(bytes: bytes) + .changing(names: items.count)
        do {
            for item in items { try expect(item.key) }
            let results = try await blocking(operation, extra: extra) { (root, deadline) throws(StoreError) in
                body(BatchPublishing(root: root, deadline: deadline))
            }
            return zip(items, results).map { item, result in
                result.mapError { $0.during(operation, key: item.key.text, root: address) }
            }
        } catch {
            return items.map { .failure(error.during(operation, key: $0.key.text, root: address)) }
        }
    }
}

extension BatchPublishing {
    fileprivate func writing(_ item: Item) -> RecordWriting {
        RecordWriting(root: root, key: item.key, bytes: item.bytes, deadline: deadline)
    }
}

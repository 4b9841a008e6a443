public import BlobStore
internal import BlobSystem

extension FileStorage {
    private static let recordsPerVisit = 32

    /// Some dozens of records are one visit to a blocking thread; the visits run side by side.
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        if keys.count <= Self.recordsPerVisit { return await readRecords(keys[...]) }
        let starts = Array(stride(from: 0, to: keys.count, by: Self.recordsPerVisit))
        return await withTaskGroup { group in
            for start in starts {
                group.addTask {
                    (start, await self.readRecords(keys[start..<min(start + Self.recordsPerVisit, keys.count)]))
                }
            }
            var parts: [Int: [Result<Record?, StoreError>]] = [:]
            for await (start, part) in group { parts[start] = part }
            return starts.flatMap { parts[$0] ?? [] }
        }
    }

    private func readRecords(_ keys: ArraySlice<Key>) async -> [Result<Record?, StoreError>] {
        let address = address
        do {
            let results = try await blocking("readRecord") { (files, _) throws(StoreError) in files.read(keys) }
            return zip(keys, results).map { key, result in
                result.mapError { $0.during("readRecord", key: key.text, root: address) }
            }
        } catch {
            return keys.map { .failure(error.during("readRecord", key: $0.text)) }
        }
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try key.expectRecord()
        guard bytes.count <= Record.maximumBytes else {
            throw StoreError(.invalidArgument, "the record \"\(key)\" would be over \(Record.maximumBytes) bytes")
        }
        do {
            return try await blocking("writeRecord", key) { (files, patience) throws(StoreError) in
                try RecordWriting(files: files, key: key, bytes: bytes, patience: patience).run(expecting: expecting)
            }
        } catch  where error.mayStillHappen {
            throw StoreError(
                .outcomeUnknown,
                "the filesystem did not answer in time; \"\(key)\" may be written or not: read it again"
            )
            .during("writeRecord", key: key.text, root: address)
        }
    }

    public func flushRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        try await blocking("flushRecord", key) { (files, _) throws(StoreError) in try files.flush(key) }
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        try await blocking("removeRecord", key) { (files, patience) throws(StoreError) in
            try files.remove(key, patience)
        }
    }
}

extension RootFiles {
    /// Every generation was flushed before it had its name; so the names are all there is to flush.
    fileprivate func flush(_ key: Key) throws(StoreError) {
        guard try folders.existing(key.folder) != nil else { return }
        let folder = try folders.ensured(key.folder)
        if let later = try folders.enter(Generations.folderName(of: key), in: folder) {
            try flusher.flush(folder: later)
        }
        try flusher.flush(folder: folder)
    }

    /// Proposals, generations ascending, `K`, and the highest last: at no moment does an older generation show.
    /// The flushes between keep a power cut from reordering that.
    fileprivate func remove(_ key: Key, _ patience: any Patience) throws(StoreError) {
        guard let folder = try folders.existing(key.folder) else { return }
        let later = try generations(of: key, in: folder)
        for proposal in later?.proposals ?? [] { try later?.folder.unlink(proposal.name) }
        for number in later?.numbers.dropLast() ?? [] { try later?.folder.unlink(String(number)) }
        if let later { try flusher.flush(folder: later.folder) }
        if patience.isOver { throw StoreError(.unavailable, "the removal of \"\(key)\" was given up") }
        try folder.unlink(String(key.name))
        try flusher.flush(folder: folder)
        guard let later else { return }
        if let highest = later.numbers.last {
            try later.folder.unlink(String(highest))
            try flusher.flush(folder: later.folder)
        }
        // What else stands there is nobody's generation; then the folder stays.
        try? calls.removeDirectory(Generations.folderName(of: key), in: folder.raw)
        try flusher.flush(folder: folder)
    }
}

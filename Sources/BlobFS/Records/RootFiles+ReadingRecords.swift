internal import BlobStore
internal import BlobSystem

extension RootFiles {
    static let maximumLooks = 64

    /// Reads records, each folder opened once for those in it.
    func read(_ keys: ArraySlice<Key>) -> [Result<Record?, StoreError>] {
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
        try root.steadily { () throws(StoreError) in
            guard let folder = try folders.existing(key.folder) else { return nil }
            return try read(key, in: folder)
        }
    }

    /// Looks in `K~`, then at `K`; when the file that was chosen is gone, it looks again.
    func read(_ key: Key, in folder: OpenFile) throws(StoreError) -> Record? {
        for _ in 0..<Self.maximumLooks {
            do throws(StoreError) {
                let later = try generations(of: key, in: folder)
                guard let later, let number = later.numbers.last else {
                    return try record(Generations.first, String(key.name), in: folder)
                }
                if let record = try record(number, String(number), in: later.folder) { return record }
            } catch {
                guard Generations.isChanging(error) else { throw error }
            }
        }
        throw StoreError(.unavailable, "the record \"\(key)\" was replaced faster than it could be read: try again")
    }

    /// The generations beside `K`, listed afresh; nil when there is no folder for them.
    func generations(of key: Key, in folder: OpenFile) throws(StoreError) -> Generations? {
        guard let later = try folders.enter(Generations.folderName(of: key), in: folder) else { return nil }
        return try Generations(listing: later)
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
            throw StoreError(.corrupt, "\(there.file.subject) has \(size) bytes: no record is that large")
        }
        let bytes = try there.file.read(at: 0, count: Int(size))
        guard Int64(bytes.count) == size else {
            throw StoreError(.corrupt, "\(there.file.subject) ended early: it was cut off meanwhile")
        }
        return bytes
    }
}

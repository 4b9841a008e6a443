internal import BlobStore
internal import BlobSystem

extension RootFiles {
    /// Makes a staged file's content durable and its age now, and lets its descriptor go.
    func finish(_ staged: StagedFile) throws(StoreError) {
        if let file = staged.file {
            do { try calls.setTimes(file.raw, to: nil) } catch {
                throw StoreError(error, call: "futimens", file.subject)
            }
            try flusher.flush(file: file)
            // Without links a second commit copies from it.
            if try measure().links { staged.letGo() }
        } else {
            do { try calls.setTimes(staged.name, in: staged.directory.raw, to: nil) } catch {
                throw StoreError(error, call: "utimensat", "a staged file")
            }
        }
    }

    /// Publishes a finished staged file as an object, durably.
    /// - Returns: nil when the name was this file's already.
    func publish(_ staged: StagedFile, _ key: Key, size: Int64) throws(StoreError) -> CommitOutcome? {
        let folder = try folders.ensured(key.folder)
        switch try place(staged, String(key.name), in: folder) {
        case .placed:
            try flusher.flush(folder: folder)
            return .created
        case .own:
            try flusher.flush(folder: folder)
            return nil
        case .taken(let file, let status):
            try accept(file, status, key, size: size, in: folder)
            return .present
        case .unclear(let error): throw error
        }
    }

    private func place(_ staged: StagedFile, _ name: String, in folder: OpenFile) throws(StoreError) -> Placed {
        do { return try place(staged.name, in: staged.directory, staged.identity, as: name, in: folder) } catch {
            // Without links the first commit took the only name there was; the open file still has the bytes.
            guard error.code == .notFound, try !measure().links, let file = staged.file else { throw error }
            let copy = try duplicate(file)
            return try place(copy.name, in: copy.directory, copy.identity, as: name, in: folder)
        }
    }

    private func duplicate(_ file: OpenFile) throws(StoreError) -> StagedFile {
        let copy = try staging.create()
        var offset: Int64 = 0
        while true {
            let bytes = try file.read(at: offset, count: chunkSizeBytes)
            if bytes.isEmpty { break }
            try copy.file?.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        try finish(copy)
        return copy
    }

    /// Publishes, with the outcome apart from what was done before it: a failure here is not final for the file.
    func publishing(
        _ staged: StagedFile, _ key: Key, size: Int64
    ) throws(StoreError) -> Result<CommitOutcome?, StoreError> {
        do { return .success(try publish(staged, key, size: size)) } catch {
            if error.isStale { throw error }
            return .failure(error)
        }
    }

    /// Makes an object that is there already as good as a new one: of this size, young and durable.
    func accept(
        _ file: OpenFile?, _ status: FileStatus, _ key: Key, size: Int64, in folder: OpenFile
    ) throws(StoreError) {
        guard status.kind == .file, status.sizeBytes == size else {
            throw StoreError.otherSize(key, found: status.sizeBytes, wanted: size)
        }
        do throws(Errno) {
            if let file {
                try calls.setTimes(file.raw, to: nil)
            } else {
                try calls.setTimes(String(key.name), in: folder.raw, to: nil)
            }
        } catch {
            throw StoreError(error, call: "futimens", key.text)
        }
        try flusher.flush(folder: folder)
    }

    /// Writes an object whose bytes are in memory: one visit to a blocking thread.
    func write(_ key: Key, _ bytes: [UInt8]) throws(StoreError) -> CommitOutcome {
        let size = Int64(bytes.count)
        if try refresh(key, size: size, mustMatch: true) { return .present }
        let staged = try staging.create()
        try staged.file?.write(bytes, at: 0)
        try finish(staged)
        let outcome = try publish(staged, key, size: size)
        try? staged.removeName()  // A name left behind is stale staging, and no reason to call this a failure.
        return outcome ?? .created
    }

    /// - Parameter mustMatch: whether another size is an error.
    func refresh(_ key: Key, size: Int64, mustMatch: Bool = false) throws(StoreError) -> Bool {
        guard let seen = try folders.existing(key.folder), let there = try seen.openStored(String(key.name)) else {
            return false
        }
        if there.status.sizeBytes != size && !mustMatch { return false }
        // The folders above may be another process's that has not flushed them.
        try accept(there.file, there.status, key, size: size, in: folders.ensured(key.folder))
        return true
    }

    func stat(_ key: Key) throws(StoreError) -> ObjectInfo? {
        guard let there = try folders.existing(key.folder)?.openStored(String(key.name)) else { return nil }
        return try info(there.status)
    }
}

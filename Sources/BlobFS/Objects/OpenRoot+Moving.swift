internal import BlobSystem
internal import ObjectStorage

extension OpenRoot {
    /// Gives an object a name that was never used before, by one `rename`: at every moment it has exactly one of the
    /// two, whoever is stopped or dies where.
    ///
    /// What stands at the old name when the call is made is moved, and it need not be what was seen before: who moves
    /// looks at what was moved. A link and an unlink instead would leave both names for a while, and whoever was
    /// stopped between them would later take the last one away.
    func move(_ key: Key, to destination: Key, _ deadline: any JobDeadline) throws(StoreError) {
        guard let folder = try folders.existing(key.folder), let object = try folder.stored(String(key.name)) else {
            throw StoreError.missing(key)
        }
        let target = try folders.ensured(destination.folder)
        try deadline.expectTime(for: "the move of \"\(key)\"")
        let marks = (old: try flusher.mark(folder), new: try flusher.mark(target))
        guard try rename(key, in: folder, object.identity, to: destination, in: target) else {
            throw StoreError.missing(key)
        }
        try flusher.flush(folder: target, since: marks.new)
        try flusher.flush(folder: folder, since: marks.old)
    }

    /// The look before keeps a caller's mistake from going over another object. It is no promise among racing movers:
    /// that is why the name must be one that nobody else uses.
    /// - Returns: false when there was nothing to move.
    private func rename(
        _ key: Key, in folder: OpenFile, _ identity: FileStatus.Identity, to destination: Key, in target: OpenFile
    ) throws(StoreError) -> Bool {
        let name = String(destination.name)
        if try target.stored(name) != nil {
            throw StoreError(.alreadyExists, "an object \"\(destination)\" already exists")
        }
        do {
            try calls.rename(String(key.name), in: folder.raw, to: name, in: target.raw)
            return true
        } catch {
            let failure = StoreError(error, call: "renameat", key.text)
            let unknown = failure.leavingUnknown("\"\(key)\" was moved")
            // It was seen absent before; so the folder is opened again.
            let fresh: OpenFile?
            do { fresh = try folders.existing(destination.folder) } catch { throw unknown }
            switch fresh.flatMap({ settle(name, in: $0, identity, after: failure) }) {
            // The name was free and is nobody else's: if something stands there now, it was moved.
            case .own, .taken: return true
            case nil where error == .notFound: return false
            case nil where !directory.mayStillHappen(error): throw failure
            default: throw unknown
            }
        }
    }

    /// Each folder is flushed once, after the last of its names is gone.
    func remove(_ keys: [Key], _ deadline: any JobDeadline) -> [Result<Void, StoreError>] {
        var results = keys.map { key in Result { () throws(StoreError) in try key.expectObject() } }
        let valid = keys.indices.filter { !keys[$0].isRecord }
        for (prefix, indices) in Dictionary(grouping: valid, by: { keys[$0].folder }) {
            do throws(StoreError) {
                guard let folder = try folders.existing(prefix) else { continue }
                var mark = try flusher.mark(folder)
                for index in indices {
                    results[index] = Result { () throws(StoreError) in
                        try deadline.expectTime(for: "the removal")
                        if try !folder.unlink(String(keys[index].name)) { mark = .found }
                    }
                }
                try flusher.flush(folder: folder, since: mark)
            } catch {
                for index in indices where (try? results[index].get()) != nil { results[index] = .failure(error) }
            }
        }
        return results.enumerated().map { index, result in
            result.mapError { $0.during("removeObjects", key: keys[index].text) }
        }
    }
}

internal import BlobStore
internal import BlobSystem

/// What came of giving a finished file its name.
enum Placed {
    /// It has the name, which was free.
    case placed
    /// The name was this very file's already: by an earlier call, or by this one, whose answer was lost and which
    /// was repeated.
    case own
    /// The name is another file's, which is as it was.
    case taken(OpenFile?, FileStatus)
    /// The call failed, and so did the look at the name: it may or may not have it.
    case unclear(StoreError)
}

extension RootFiles {
    /// Gives a finished, flushed file a name: the only place where anything becomes visible.
    ///
    /// By an exclusive `link`, of which exactly one of many can succeed. An answer that leaves it open whether that
    /// happened is settled by looking at the name. Without links, where there is a single writer, the name is
    /// known to be free and the file is renamed. The folder is not yet flushed.
    /// - Throws: `notFound` when the file's own name is gone; what the call says, when the name is not this file's.
    func place(
        _ name: String, in source: OpenFile, _ identity: FileStatus.Identity, as newName: String, in folder: OpenFile
    ) throws(StoreError) -> Placed {
        guard try measure().links else {
            // One process at a time, and in it one thread at a time.
            return try publishing.withLock { _ in
                Result { () throws(StoreError) in
                    try placeAlone(name, in: source, identity, as: newName, in: folder)
                }
            }.get()
        }
        for _ in 0..<4 {
            do {
                try calls.link(name, in: source.raw, to: newName, in: folder.raw)
                return .placed
            } catch {
                let failure = StoreError(error, call: "linkat", folder.subject + "/" + newName)
                if let found = look(at: newName, in: folder, identity, after: failure) { return found }
                guard error == .exists else { throw failure }  // Else the name was just let go: once more.
            }
        }
        throw StoreError(.unavailable, "\(folder.subject)/\(newName) keeps coming and going")
    }

    private func placeAlone(
        _ name: String, in source: OpenFile, _ identity: FileStatus.Identity, as newName: String, in folder: OpenFile
    ) throws(StoreError) -> Placed {
        let absent = StoreError(.unavailable, "\(folder.subject)/\(newName) could not be looked at")
        if let found = look(at: newName, in: folder, identity, after: absent) { return found }
        do {
            try calls.rename(name, in: source.raw, to: newName, in: folder.raw)
            return .placed
        } catch {
            let failure = StoreError(error, call: "renameat", folder.subject + "/" + newName)
            if let found = look(at: newName, in: folder, identity, after: failure) { return found }
            throw failure
        }
    }

    /// Whose a name is; nil when it is nobody's.
    private func look(
        at name: String, in folder: OpenFile, _ identity: FileStatus.Identity, after failure: StoreError
    ) -> Placed? {
        let found: (file: OpenFile?, status: FileStatus)
        do throws(StoreError) {
            guard let there = try folder.openStored(name) else { return nil }
            found = there
        } catch {
            // SMB refuses at times to open the second name of an open file.
            guard error.errno == .invalidArgument, let status = try? calls.status(of: name, in: folder.raw) else {
                return .unclear(failure.code == .alreadyExists ? error : failure)
            }
            found = (nil, status)
        }
        return found.status.identity == identity ? .own : .taken(found.file, found.status)
    }
}

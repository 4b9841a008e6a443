internal import BlobStore
internal import BlobSystem
internal import FoundationEssentials

extension RootFiles {
    /// Links the new name, which never goes over another, and takes the old one away: of several movers of one object
    /// exactly one does that, and the others take back their names, which nobody was told of.
    func move(_ key: Key, to destination: Key, _ patience: any Patience) throws(StoreError) {
        guard let folder = try folders.existing(key.folder),
            let object = try folder.openStored(String(key.name))
        else { throw StoreError.missing(key) }
        let identity = object.status.identity
        let target = try folders.ensured(destination.folder)
        let hasLinks = try measure().links
        let isNew: Bool
        switch try place(String(key.name), in: folder, identity, as: String(destination.name), in: target) {
        case .placed: isNew = true
        case .own: isNew = false  // An earlier move of it did not get to its end, or another is under way.
        case .taken: throw StoreError(.alreadyExists, "there is an object \"\(destination)\" already")
        case .unclear(let error): throw error
        }
        try flusher.flush(folder: target)
        if patience.isOver { throw StoreError(.unavailable, "the move of \"\(key)\" was given up") }
        if hasLinks, try !takeAway(key, of: identity, in: folder, by: destination, in: target),
            try wasOutrun(object.file)
        {
            if isNew { try withdraw(destination, from: target) }
            throw StoreError.missing(key)
        }
        try flusher.flush(folder: folder)
    }

    /// Takes a name away from that very file; another's, which took its place meanwhile, gets it back.
    ///
    /// To look whose the name is and then to unlink it would be two steps, and what was published between them would
    /// be gone. So it is renamed to a name that nobody else knows, which is one step, and then looked at. That name
    /// begins as the destination's does, so that what is left there by a death tells what it is.
    /// - Returns: whether it was this call that took it away.
    private func takeAway(
        _ key: Key, of identity: FileStatus.Identity, in folder: OpenFile, by destination: Key, in target: OpenFile
    ) throws(StoreError) -> Bool {
        let aside = String(destination.name.prefix(65)) + UUID().uuidString.lowercased()
        do throws(Errno) {
            try calls.rename(String(key.name), in: folder.raw, to: aside, in: target.raw)
        } catch {
            guard error == .notFound else { throw StoreError(error, call: "renameat", key.text) }
            // It may be one's own doing, replayed: then it stands aside.
        }
        guard let taken = try target.openStored(aside) else { return false }
        let isIt = taken.status.identity == identity
        if !isIt { try giveBack(key, taken.status.identity, from: aside, in: target, to: folder) }
        try target.unlink(aside)
        return isIt
    }

    /// - Throws: when the name cannot be given back; the file is then kept where it stands.
    private func giveBack(
        _ key: Key, _ identity: FileStatus.Identity, from aside: String, in target: OpenFile, to folder: OpenFile
    ) throws(StoreError) {
        switch try place(aside, in: target, identity, as: String(key.name), in: folder) {
        case .placed, .own: try flusher.flush(folder: folder)
        case .taken:
            throw StoreError(
                .unavailable, "\"\(key)\" was published twice while it was moved; one is kept as \(aside): try again")
        case .unclear(let error): throw error
        }
    }

    /// Whether another mover took the old name away, rather than this very call, whose answer was lost. Behind a
    /// network that cannot be told for certain, and a second copy does no harm.
    private func wasOutrun(_ object: OpenFile) throws(StoreError) -> Bool {
        if root.filesystem == .network { return false }
        return try object.status().linkCount > 1
    }

    private func withdraw(_ destination: Key, from folder: OpenFile) throws(StoreError) {
        try folder.unlink(String(destination.name))
        try flusher.flush(folder: folder)
    }

    /// - Parameter byLink: whether a hard link is welcome.
    func copy(
        from origin: RootFiles, _ key: Key, to destination: Key, byLink: Bool
    ) throws(StoreError) -> CommitOutcome {
        guard let source = try origin.folders.existing(key.folder),
            let object = try source.openStored(String(key.name))
        else { throw StoreError.missing(key) }
        if try refresh(destination, size: object.status.sizeBytes, mustMatch: true) { return .present }
        if byLink, let linked = try link(object, key, from: source, to: destination) { return linked }
        let staged = try staging.create()
        if let file = staged.file {
            do { try calls.clone(object.file.raw, into: file.raw) } catch {
                throw StoreError(
                    .unsupported, "\"\(key)\" cannot be \(byLink ? "linked or " : "")cloned to \(root.path)",
                    cause: .errno(error.rawValue, call: "ioctl"))
            }
        }
        try finish(staged)
        let outcome = try publish(staged, destination, size: object.status.sizeBytes)
        try? staged.removeName()
        return outcome ?? .created
    }

    /// - Returns: nil when a link is impossible, or would bring foreign modes into this root.
    private func link(
        _ object: (file: OpenFile, status: FileStatus), _ key: Key, from source: OpenFile, to destination: Key
    ) throws(StoreError) -> CommitOutcome? {
        let folder = try folders.ensured(destination.folder)
        guard try measure().links, root.modes.flaw(object.status) == nil,
            try folder.status().identity.device == object.status.identity.device
        else { return nil }
        // Before the name appears: it would else be as old as the other one.
        do { try calls.setTimes(object.file.raw, to: nil) } catch {
            if error == .accessDenied || error == .notPermitted || error == .readOnlyFilesystem { return nil }
            throw StoreError(error, call: "futimens", key.text)
        }
        let placed: Placed
        do {
            placed = try place(
                String(key.name), in: source, object.status.identity, as: String(destination.name), in: folder)
        } catch {
            if error.errno == .crossDevice || error.errno?.meansNoLinks == true { return nil }
            if error.code == .notFound { throw StoreError.missing(key) }
            throw error
        }
        switch placed {
        case .placed, .own: try flusher.flush(folder: folder)
        case .taken(let file, let status):
            try accept(file, status, destination, size: object.status.sizeBytes, in: folder)
            return .present
        case .unclear(let error): throw error
        }
        return .created
    }

    /// Each folder is flushed once, after the last of its names is gone.
    func remove(_ keys: [Key], _ patience: any Patience) -> [Result<Void, StoreError>] {
        var results = keys.map { key in Result { () throws(StoreError) in try key.expectObject() } }
        let valid = keys.indices.filter { !keys[$0].isRecord }
        for (prefix, indices) in Dictionary(grouping: valid, by: { keys[$0].folder }) {
            do throws(StoreError) {
                guard let folder = try folders.existing(prefix) else { continue }
                for index in indices {
                    results[index] = Result { () throws(StoreError) in
                        if patience.isOver { throw StoreError(.unavailable, "the removal was given up") }
                        try folder.unlink(String(keys[index].name))
                    }
                }
                try flusher.flush(folder: folder)
            } catch {
                for index in indices where (try? results[index].get()) != nil { results[index] = .failure(error) }
            }
        }
        return results.enumerated().map { index, result in
            result.mapError { $0.during("removeObjects", key: keys[index].text) }
        }
    }
}

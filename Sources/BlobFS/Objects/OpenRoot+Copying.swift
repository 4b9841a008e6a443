internal import BlobSystem
internal import ObjectStorage

extension OpenRoot {
    /// Copies an object without moving its bytes: by another name for the file, or by one that shares its data.
    /// - Parameter byLink: whether a hard link is welcome.
    func copy(
        from origin: OpenRoot, _ key: Key, to destination: Key, byLink: Bool
    ) throws(StoreError) -> CommitOutcome {
        guard let source = try origin.folders.existing(key.folder), let found = try origin.sourceStatus(key, in: source)
        else { throw StoreError.missing(key) }
        if try refresh(destination, size: found.sizeBytes, mustMatch: true) { return .present }
        if byLink, let linked = try link(found, key, from: source, to: destination, isOwn: origin === self) {
            return linked
        }
        guard let object = try source.openStored(String(key.name)) else { throw StoreError.missing(key) }
        let staged = try staging.create()
        if let file = staged.file {
            do { try calls.clone(object.file.raw, into: file.raw) } catch {
                throw StoreError(
                    .unsupported, "\"\(key)\" cannot be \(byLink ? "linked or " : "")cloned to \(directory.path.text)",
                    cause: .errno(error.rawValue, call: "ioctl"))
            }
        }
        try finish(staged)
        let outcome = try publish(staged, destination, size: object.status.sizeBytes)
        try? staged.removeName()
        return outcome ?? .created
    }

    /// What is to be copied. On SMB it is not opened: its new name could not be, for a while.
    private func sourceStatus(_ key: Key, in folder: OpenFile) throws(StoreError) -> FileStatus? {
        let name = String(key.name)
        guard directory.filesystem == .smb else { return try folder.stored(name) }
        let status: FileStatus
        do { status = try calls.status(of: name, in: folder.raw) } catch {
            if error == .notFound { return nil }
            throw StoreError(error, call: "fstatat", key.text)
        }
        return status.kind == .file ? status : try folder.stored(name)  // Which says what is wrong with it.
    }

    /// - Parameter isOwn: whether it is an object of this root, as one that comes back from `retired/`.
    /// - Returns: nil when a link is impossible, or would bring foreign modes into this root.
    private func link(
        _ object: FileStatus, _ key: Key, from source: OpenFile, to destination: Key, isOwn: Bool
    ) throws(StoreError) -> CommitOutcome? {
        // On SMB a process that reads one of two names that stay keeps others on its machine from the other one.
        if !isOwn && (directory.filesystem == .smb || directory.modes.flaw(object) != nil) { return nil }
        let folder = try folders.ensured(destination.folder)
        guard try measure().links, try folder.status().identity.device == object.identity.device else { return nil }
        // Before the name appears: it would else be as old as the other one.
        do { try calls.setTimes(String(key.name), in: source.raw, to: nil) } catch {
            if error == .accessDenied || error == .notPermitted || error == .readOnlyFilesystem { return nil }
            if error == .notFound { throw StoreError.missing(key) }
            throw StoreError(error, call: "utimensat", key.text)
        }
        let outcome: LinkOutcome
        do {
            let file = NamedFile(name: String(key.name), folder: source, identity: object.identity)
            outcome = try publish(file, as: String(destination.name), in: folder)
        } catch {
            if error.errno == .crossDevice || error.errno?.meansNoLinks == true { return nil }
            if error.code == .notFound { throw StoreError.missing(key) }
            throw error
        }
        return try conclude(outcome, destination, size: object.sizeBytes, in: folder) ?? .created
    }
}

// MARK: - Out of the root

extension OpenRoot {
    /// Gives an object a name outside of the root, durably.
    func link(_ key: Key, toPath path: String) throws(StoreError) {
        guard let source = try folders.existing(key.folder), let object = try source.openStored(String(key.name)) else {
            throw StoreError.missing(key)
        }
        let folder: OpenFile
        let name: String
        do throws(Errno) {
            guard let parts = FilePath.split(path) else { throw .isDirectory }
            name = parts.name
            folder = OpenFile(
                try calls.open(path: parts.folder, .directory, mode: 0), of: calls, directory.lanes, parts.folder)
        } catch {
            throw refusal(ofLink: path, error)
        }
        let mark = try flusher.mark(folder)
        do { try calls.link(String(key.name), in: source.raw, to: name, in: folder.raw) } catch {
            // A server whose reply was lost says of this very link that it exists.
            let failure = StoreError(error, call: "linkat", path)
            guard case .own = settle(name, in: folder, object.status.identity, after: failure) else {
                throw refusal(ofLink: path, error)
            }
        }
        try flusher.flush(folder: folder, since: mark)
    }

    private func refusal(ofLink path: String, _ errno: Errno) -> StoreError {
        switch errno {
        case .exists: StoreError(.alreadyExists, "\(path) already exists and is kept")
        case .crossDevice, .notPermitted, .notSupported:
            StoreError(
                .unsupported,
                "\(path) cannot be a link to content in \(directory.path.text) (\(errno)); export without --link",
                cause: .errno(errno.rawValue, call: "linkat"))
        default: StoreError(errno, call: "linkat", path)
        }
    }
}

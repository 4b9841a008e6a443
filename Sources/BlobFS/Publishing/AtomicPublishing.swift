internal import BlobSystem
internal import ObjectStorage

/// How a file becomes visible in a root: whole, durable, and under a name that exactly one of many gets.
///
///     stage     a new file in staging/, which nobody reads
///     write     all its bytes
///     flush     the file: no name leads to bytes that a power cut takes away
///     link      its name, exclusively; a lost answer is settled by a look at that name
///     unstage   the staging name goes
///     flush     the folder: what is reported survives a power cut under its name
///
/// Whoever dies on the way leaves a staged file, and nothing else. Objects come by ``write(_:_:)`` and
/// ``commit(_:rest:size:_:)``; records and further names of objects join at ``publish(_:as:in:unstage:)``.
extension OpenRoot {
    /// Publishes an object whose bytes are in memory: one visit to a blocking thread.
    func write(_ key: Key, _ bytes: [UInt8]) throws(StoreError) -> CommitOutcome {
        let size = Int64(bytes.count)
        if try refresh(key, size: size, mustMatch: true) { return .present }
        return try publish(try staged(bytes), key, size: size) ?? .created
    }

    /// A finished staged file of bytes that are in memory: of a server that restarts meanwhile, another one.
    private func staged(_ bytes: [UInt8]) throws(StoreError) -> StagedFile {
        try Self.again { () throws(StoreError) in
            let staged = try staging.create()
            try staged.write(bytes, at: 0)
            try finish(staged, ofBytesInMemory: Int64(bytes.count))
            return staged
        }
    }

    /// Runs `body`, and a few times more when a server has forgotten what it staged, to which no name led.
    static func again<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        for _ in 0..<maximumReopenings {
            do { return try body() } catch { guard error.isStagingLost else { throw error } }
        }
        return try body()
    }

    /// Publishes an upload as an object, and once more under each further key.
    /// - Parameters:
    ///   - staged: has all bytes of it but the rest; of a small upload all is the rest, and can be staged anew.
    ///   - size: of the whole.
    /// - Returns: what came of the publication, apart from what was done before it: its failure is not final for the
    ///   staged file. Nil when the key was this very file's already.
    func commit(
        _ staged: StagedFile, rest: [UInt8], size: Int64, _ key: Key
    ) throws(StoreError) -> Result<CommitOutcome?, StoreError> {
        let isInMemory = Int64(rest.count) == size
        var isSpent = isInMemory && (staged.isSpent || staged.staging !== staging)
        if !isSpent {
            do {
                try staged.write(rest, at: size - Int64(rest.count))
                try finish(staged, ofBytesInMemory: isInMemory ? size : nil)
            } catch {
                guard isInMemory, error.isStagingLost else { throw error }
                isSpent = true
            }
        }
        do {
            if isSpent { return .success(try write(key, rest)) }
            return .success(try publish(staged, key, size: size, isKept: !isInMemory))
        } catch {
            if error.isStale { throw error }
            return .failure(error)
        }
    }

    // MARK: Flush

    /// Makes a staged file's content durable and its age now, and closes it.
    /// - Parameter inMemory: how many bytes it has, where they are in memory and were written just now: so nothing need
    ///   be copied from it later, and its age is now unless there was nothing to write.
    /// - Throws: `unavailable` when it stands in this root as it was mounted before.
    func finish(_ staged: StagedFile, ofBytesInMemory inMemory: Int64? = nil) throws(StoreError) {
        guard staged.staging === staging else {
            throw StoreError(
                .unavailable,
                "\(directory.path.text) was remounted while this content was being sent; send it again",
                isRetryable: true
            )
            .under(.stagingLost)
        }
        guard let file = staged.file else { return try renewAge(of: staged.name, in: staged.folder, "a staged file") }
        // A server of SMB may tell the time of its creation for some seconds more.
        let isYoung = (inMemory ?? 0) > 0 && directory.filesystem != .smb
        if !isYoung { try renewAge(of: file, file.subject) }
        try staged.flush()
        // Without links a second commit copies from it.
        let isCopied = if inMemory != nil { false } else { try !measure().links }
        if !isCopied { staged.letGo() }
    }

    // MARK: Link, unstage, flush

    /// Publishes a finished staged file as an object.
    /// - Parameter isKept: whether it is to be published again, if need be.
    /// - Returns: nil when the name was this file's already.
    func publish(
        _ staged: StagedFile, _ key: Key, size: Int64, isKept: Bool = false
    ) throws(StoreError) -> CommitOutcome? {
        let folder = try folders.ensured(key.folder)
        let name = String(key.name)
        let outcome: LinkOutcome
        do {
            outcome = try publish(staged.named, as: name, in: folder) {
                // A name that is left behind is stale staging, and no reason to call this a failure.
                if !isKept { try? staged.removeName() } else if directory.filesystem.isShared { staged.takeFreshName() }
            }
        } catch {
            // Without links the first commit took the only name there was; the open file still has the bytes.
            guard error.code == .notFound, let file = staged.file, try !measure().links else { throw error }
            let copy = try duplicate(file)
            outcome = try publish(copy.named, as: name, in: folder) { try? copy.removeName() }
        }
        return try conclude(outcome, key, size: size, in: folder)
    }

    /// Gives a finished, flushed file a name, and makes that durable: the only place where anything becomes visible.
    /// - Parameter unstage: takes the file's former name away, before anybody looks at the new one. Not called while
    ///   the link may yet be made from it.
    /// - Throws: as ``link(_:as:in:)``; then nothing became visible.
    func publish(
        _ file: NamedFile, as name: String, in folder: OpenFile, unstage: () -> Void = {}
    ) throws(StoreError) -> LinkOutcome {
        let mark = try flusher.mark(folder)
        let outcome = try link(file, as: name, in: folder, unstage: unstage)
        do throws(StoreError) {
            switch outcome {
            case .linked: try flusher.flush(folder: folder, since: mark)
            case .own: try flusher.flush(folder: folder, since: .found)  // By this call or an earlier one.
            case .taken, .unclear, .undurable: break
            }
            return outcome
        } catch {
            return .undurable(error)
        }
    }

    /// What a link means for an object, of which any other under its key is as good.
    func conclude(
        _ outcome: LinkOutcome, _ key: Key, size: Int64, in folder: OpenFile
    ) throws(StoreError) -> CommitOutcome? {
        switch outcome {
        case .linked: return .created
        case .own: return nil
        case .taken(let file, let status):
            try accept(file, status: status, at: key, size: size, in: folder)
            return .present
        case .unclear(let error), .undurable(let error): throw error
        }
    }

    /// Gives a finished, flushed file a name that does not survive a power cut yet.
    func link(
        _ file: NamedFile, as name: String, in folder: OpenFile, unstage: () -> Void
    ) throws(StoreError) -> LinkOutcome {
        let outcome = try link(file, as: name, in: folder)
        if case .unclear = outcome { return outcome }
        unstage()
        return outcome
    }

    /// By an exclusive `link`, of which exactly one of many can succeed. Without links, where there is a single writer,
    /// the name is known to be free and the file is renamed.
    /// - Throws: `notFound` when the file's own name is gone; what the call says, when the name is not this file's.
    private func link(_ file: NamedFile, as name: String, in folder: OpenFile) throws(StoreError) -> LinkOutcome {
        if lacksLinks { return try renameAlone(file, to: name, in: folder) }
        let isShared = directory.filesystem.isShared
        for _ in 0..<4 {
            do {
                try calls.link(file.name, in: file.folder.raw, to: name, in: folder.raw)
                return .linked
            } catch {
                let failure = StoreError(error, call: "linkat", folder.subject + "/" + name)
                if let found = settle(name, in: folder, file.identity, after: failure) { return found }
                if error.meansNoLinks, try !measure().links { return try renameAlone(file, to: name, in: folder) }
                // It is not there, and may yet come: the server may still be about to do it.
                if directory.mayStillHappen(error) || isShared && error.isForgotten { return .unclear(failure) }
                guard error == .exists else { throw failure }  // Else the name was just let go: once more.
            }
        }
        let failure = StoreError(.unavailable, "\(folder.subject)/\(name) keeps appearing and disappearing")
        if isShared { return .unclear(failure) }
        throw failure
    }

    /// For one process at a time, and in it one thread at a time.
    private func renameAlone(_ file: NamedFile, to name: String, in folder: OpenFile) throws(StoreError) -> LinkOutcome
    {
        try naming.withLock { _ in
            Result { () throws(StoreError) in
                let absent = StoreError(.unavailable, "\(folder.subject)/\(name) could not be examined")
                if let found = settle(name, in: folder, file.identity, after: absent) { return found }
                do throws(Errno) {
                    try calls.rename(file.name, in: file.folder.raw, to: name, in: folder.raw)
                    return .linked
                } catch {
                    let failure = StoreError(error, call: "renameat", folder.subject + "/" + name)
                    if let found = settle(name, in: folder, file.identity, after: failure) { return found }
                    throw failure
                }
            }
        }.get()
    }

    /// Settles what became of a call that should have given a file a name, and whose answer leaves that open: by a look
    /// at the name.
    /// - Returns: whose it is; nil when it is nobody's.
    func settle(
        _ name: String, in folder: OpenFile, _ identity: FileStatus.Identity, after failure: StoreError
    ) -> LinkOutcome? {
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

    private func duplicate(_ file: OpenFile) throws(StoreError) -> StagedFile {
        let copy = try staging.create()
        var offset: Int64 = 0
        while true {
            let bytes = try file.read(at: offset, count: chunkSizeBytes)
            if bytes.isEmpty { break }
            try copy.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        try finish(copy)
        return copy
    }
}

/// A file by a name that it has.
struct NamedFile {
    let name: String
    let folder: OpenFile
    let identity: FileStatus.Identity
}

/// What came of giving a finished file a name.
enum LinkOutcome {
    /// It has the name, which was free.
    case linked
    /// The name was this very file's already: by an earlier call, or by this one, whose answer was lost and which was
    /// repeated.
    case own
    /// The name is another file's, which is as it was.
    case taken(OpenFile?, FileStatus)
    /// The call failed, and a look at the name did not settle it: it may or may not have it, now or later.
    case unclear(StoreError)
    /// It has the name, which may not survive a power cut.
    case undurable(StoreError)
}

// MARK: - What is there already

extension OpenRoot {
    /// Makes an object that is there already as good as a new one.
    /// - Parameter mustMatch: whether another size is an error.
    /// - Returns: whether there is one, of that size.
    func refresh(_ key: Key, size: Int64, mustMatch: Bool = false) throws(StoreError) -> Bool {
        guard let there = try open(key) else { return false }
        if there.status.sizeBytes != size && !mustMatch { return false }
        // The folders above may be another process's that has not flushed them.
        try accept(there.file, status: there.status, at: key, size: size, in: folders.ensured(key.folder))
        return true
    }

    /// Makes what stands at a key as good as a new object: of this size, young and durable.
    private func accept(
        _ file: OpenFile?, status: FileStatus, at key: Key, size: Int64, in folder: OpenFile
    ) throws(StoreError) {
        guard status.kind == .file, status.sizeBytes == size else {
            throw StoreError.otherSize(key, found: status.sizeBytes, wanted: size)
        }
        do throws(StoreError) {
            if let file {
                try renewAge(of: file, key.text)
            } else {
                try renewAge(of: String(key.name), in: folder, key.text)
            }
        } catch  where error.code == .permissionDenied {
            throw refusal(of: key, error)
        }
        try flusher.flush(folder: folder, since: .found)
    }

    /// Says what to do about an object that is there and whose age cannot be renewed: it is not taken for good enough,
    /// since a collector may take what is old before the record that is about to name it can be seen.
    private func refusal(of key: Key, _ error: StoreError) -> StoreError {
        let cure =
            error.errno == .notPermitted
            ? "remove the flags that forbid changes with \"chattr -i -a\" (\"lsattr\" shows them)"
            : "make it writable for the account with uid \(calls.effectiveUser), for example by a common group and "
                + "\"chmod g+w\""
        let call = error.errno.map { "\($0)" } ?? error.code.rawValue
        return StoreError(
            error.code,
            "the file \(directory.path.text)/\(key) is there and cannot be changed, not even its age, which keeps "
                + "collectors off it; \(cure) (\(call))",
            cause: error.cause)
    }

    private func renewAge(of file: OpenFile, _ subject: String) throws(StoreError) {
        do { try calls.setTimes(file.raw, to: nil) } catch { throw StoreError(error, call: "futimens", subject) }
    }

    private func renewAge(of name: String, in folder: OpenFile, _ subject: String) throws(StoreError) {
        do { try calls.setTimes(name, in: folder.raw, to: nil) } catch {
            throw StoreError(error, call: "utimensat", subject)
        }
    }
}

internal import BlobStore
internal import BlobSystem
internal import FoundationEssentials

/// One write of a record by compare-and-swap, on a blocking thread.
///
/// To create: an exclusive link to `K`, which is never pruned, so that having won it decides. To write generation N:
/// a finished proposal, *then* a listing that must show the expected generation with the expected content as the
/// highest, then an exclusive link of the proposal to `K~/<N>`. Success means won: nothing is checked again, and
/// nothing is ever taken back. The proposal stands before the listing so that whoever prunes generation N later has
/// to take it away first: a writer that was paused between its listing and its link then finds it gone, and has
/// lost. Each simpler order loses a write or brings one back.
struct RecordWriting {
    private static let prunesAt = 8

    let files: RootFiles
    let key: Key
    let bytes: [UInt8]
    let patience: any Patience

    /// - Throws: `preconditionFailed`, `outcomeUnknown`, or why nothing was written.
    func run(expecting expectation: Record.Expectation) throws(StoreError) -> Record.Version {
        switch expectation {
        case .absent: return try create()
        case .version(let version):
            guard let token = RecordToken(version) else { throw lost }
            return try replace(token)
        }
    }

    // MARK: Creating

    private func create() throws(StoreError) -> Record.Version {
        let token = try RecordToken(Generations.first, of: bytes)
        let folder = try files.folders.ensured(key.folder)
        let name = String(key.name)
        // A record on its way out keeps its highest generation until `K` is gone.
        if try files.generations(of: key, in: folder)?.numbers.isEmpty == false { throw lost }
        if try folder.openStored(name) != nil { throw lost }
        let staged = try files.staging.create()
        try finish(staged.file)
        try expectPatience()
        do { try link(staged.name, in: staged.directory, staged.identity, as: name, in: folder) } catch {
            guard error.code == .notFound else { throw error }
            // `K` was looked at after that, and is absent; and it is never pruned.
            throw StoreError(.unavailable, "the staged record was cleaned away before it was published: try again")
        }
        try? staged.removeName()  // A name left behind is stale staging.
        try settled { () throws(StoreError) in try files.flusher.flush(folder: folder) }
        return token.version
    }

    // MARK: Replacing

    private func replace(_ expected: RecordToken) throws(StoreError) -> Record.Version {
        let number = expected.generation + 1
        let token = try RecordToken(number, of: bytes)
        guard let folder = try files.folders.existing(key.folder) else { throw lost }
        // A loser who can be told so at once need not write.
        let early = try files.generations(of: key, in: folder)
        guard (early?.highest ?? Generations.first) == expected.generation else { throw lost }
        let later: OpenFile
        if let early {
            later = early.folder
        } else {
            later = try files.folders.ensured(Generations.folderName(of: key), in: folder)
        }
        let name = Generations.proposalName(number, UUID().uuidString.lowercased())
        let proposal: OpenFile
        do { proposal = try later.create(name, mode: files.root.modes.file) } catch {
            throw error.code == .notFound ? lost : error  // The record was removed.
        }
        let status: FileStatus
        let listed: Generations
        do throws(StoreError) {
            status = try proposal.status()
            try files.root.modes.adopt(proposal, status)
            try finish(proposal)
            listed = try expect(expected, in: folder)
            try expectPatience()
        } catch {
            _ = try? later.unlink(name)
            throw error
        }
        do throws(StoreError) {
            try link(name, in: later, status.identity, as: String(number), in: later)
        } catch {
            // Unless it may yet come to be: then what it is linked from must not vanish under a repeated call.
            if error.code != .outcomeUnknown { _ = try? later.unlink(name) }
            guard error.code == .notFound else { throw error }
            // The proposal was pruned, so another generation won. Behind a network this one may have won before
            // that, and only the answer was lost.
            throw files.root.filesystem == .network ? unknown(error) : lost
        }
        _ = try? later.unlink(name)
        try settled { () throws(StoreError) in
            try files.flusher.flush(folder: later)
            try files.flusher.flush(folder: folder)  // For the name of `K~`, which another may have made.
        }
        // It never fails a write that has won; what stays is pruned by a later one.
        if listed.numbers.count >= Self.prunesAt { _ = try? files.prune(key, in: folder, idle: nil, removes: true) }
        return token.version
    }

    /// - Throws: `preconditionFailed` unless the highest generation is the expected one with the expected content.
    private func expect(_ expected: RecordToken, in folder: OpenFile) throws(StoreError) -> Generations {
        for _ in 0..<RootFiles.maximumLooks {
            do throws(StoreError) {
                guard let listed = try files.generations(of: key, in: folder) else { throw lost }
                guard listed.highest == expected.generation else { throw lost }
                let isFirst = expected.generation == Generations.first
                let content =
                    isFirst
                    ? try files.content(String(key.name), in: folder)
                    : try files.content(String(expected.generation), in: listed.folder)
                guard let content, try RecordToken.hash(of: content) == expected.hash else { throw lost }
                return listed
            } catch {
                guard Generations.isChanging(error) else { throw error }
            }
        }
        throw lost
    }

    // MARK: Steps

    private func finish(_ file: OpenFile?) throws(StoreError) {
        guard let file else { return }
        try file.write(bytes, at: 0)
        try files.flusher.flush(file: file)
    }

    private func expectPatience() throws(StoreError) {
        if patience.isOver { throw StoreError(.unavailable, "the write of \"\(key)\" was given up") }
    }

    /// - Throws: `preconditionFailed` when the name is another's; `notFound` when the source is gone;
    ///   `outcomeUnknown`.
    private func link(
        _ name: String, in source: OpenFile, _ identity: FileStatus.Identity, as newName: String, in folder: OpenFile
    ) throws(StoreError) {
        do throws(StoreError) {
            switch try files.place(name, in: source, identity, as: newName, in: folder) {
            case .placed, .own: return
            case .taken(let file, let status): if try isOwn(file, status) { return }
            case .unclear(let error): throw error.code == .corrupt ? error : unknown(error)
            }
        } catch {
            // A server that was given up on may still do it.
            if files.root.filesystem == .network && error.code == .unavailable { throw unknown(error) }
            throw error
        }
        throw lost
    }

    /// Some mounts number their files as they like; there the bytes tell, which no other write has.
    private func isOwn(_ file: OpenFile?, _ status: FileStatus) throws(StoreError) -> Bool {
        guard files.root.filesystem == .network, let file, status.sizeBytes == Int64(bytes.count) else { return false }
        return try file.read(at: 0, count: bytes.count) == bytes
    }

    /// After the link: it is written, and visible, but not yet known to be durable.
    private func settled(_ flush: () throws(StoreError) -> Void) throws(StoreError) {
        do { try flush() } catch { throw unknown(error) }
    }

    private var lost: StoreError {
        StoreError(.preconditionFailed, "the record \"\(key)\" is not, or no longer, what was expected")
    }

    private func unknown(_ cause: StoreError) -> StoreError {
        StoreError(
            .outcomeUnknown, "whether the record \"\(key)\" was written is not known: read it again (\(cause.message))",
            cause: cause.cause)
    }
}

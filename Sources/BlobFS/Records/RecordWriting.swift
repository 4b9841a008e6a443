internal import BlobSystem
internal import ObjectStorage

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

    let root: OpenRoot
    let key: Key
    let bytes: [UInt8]
    let deadline: any JobDeadline

    /// - Throws: `preconditionFailed`, `outcomeUnknown`, or why nothing was written.
    func run(expecting expectation: Record.Expectation) throws(StoreError) -> Record.Version {
        switch expectation {
        case .absent: return try OpenRoot.again { () throws(StoreError) in try create() }
        case .version(let version):
            guard let token = RecordToken(version) else { throw lost }
            return try OpenRoot.again { () throws(StoreError) in try replace(token) }
        }
    }

    // MARK: Creating

    private func create() throws(StoreError) -> Record.Version {
        let token = try RecordToken(Generations.first, of: bytes)
        let folder = try root.folders.ensured(key.folder)
        let name = String(key.name)
        try expectNoGenerations(in: folder)
        if try folder.openStored(name) != nil { throw lost }
        let staged = try root.staging.create()
        try staged.write(bytes, at: 0)
        try staged.flush()
        staged.letGo()
        try deadline.expectTime(for: "the write of \"\(key)\"")
        do {
            // A name left behind is stale staging.
            try publish(staged.named, as: name, in: folder) { try? staged.removeName() }
        } catch {
            guard error.code == .notFound else { throw error }
            // `K` was looked at after that, and is absent; and it is never pruned.
            throw StoreError(.unavailable, "the staged record was removed before it was published; try again")
        }
        return token.version
    }

    /// A record on its way out keeps its highest generation until `K` is gone.
    func expectNoGenerations(in folder: OpenFile) throws(StoreError) {
        if try root.generations(of: key, in: folder)?.numbers.isEmpty == false { throw lost }
    }

    // MARK: Replacing

    private func replace(_ expected: RecordToken) throws(StoreError) -> Record.Version {
        let number = expected.generation + 1
        guard number <= Generations.last else { throw beyondLast }
        let token = try RecordToken(number, of: bytes)
        guard let folder = try root.folders.existing(key.folder) else { throw lost }
        // A loser who can be told so at once need not write.
        let early = try root.generations(of: key, in: folder)
        guard (early?.highest ?? Generations.first) == expected.generation else { throw lost }
        var nameMark = FlushFailures.Mark.found
        let later: OpenFile
        if let early {
            later = early.folder
            try root.folders.mend(later)
        } else {
            let mark = try root.flusher.mark(folder)
            let made = try root.folders.made(Generations.folderName(of: key), in: folder)
            later = made.folder
            if made.isNew { nameMark = mark }
        }
        let name = Generations.proposalName(number, uniqueName())
        let proposal: NamedFile
        let listed: Generations
        do throws(StoreError) {
            proposal = try propose(name, in: later)
            listed = try expect(expected, in: folder)
            try deadline.expectTime(for: "the write of \"\(key)\"")
        } catch {
            _ = try? later.unlink(name)
            throw error
        }
        do throws(StoreError) {
            try publish(proposal, as: String(number), in: later) { _ = try? later.unlink(name) }
        } catch {
            // Unless it may yet come to be: then what it is linked from must not vanish under a repeated call. Of who
            // has lost it is gone.
            if error.code != .outcomeUnknown && error.code != .preconditionFailed { _ = try? later.unlink(name) }
            guard error.code == .notFound else { throw error }
            // The proposal was pruned, so another generation won. Behind a network this one may have won before
            // that, and only the answer was lost.
            throw root.directory.filesystem.isShared ? unknown(error) : lost
        }
        try flushName(of: folder, since: nameMark)
        // It never fails a write that has won; what stays is pruned by a later one.
        if listed.numbers.count >= Self.prunesAt { _ = try? root.prune(key, in: folder, idle: nil, removes: true) }
        return token.version
    }

    /// For the name of `K~`, which another may have made, or this process before a flush failed.
    private func flushName(of folder: OpenFile, since mark: FlushFailures.Mark) throws(StoreError) {
        let path = key.folder.text + Generations.folderName(of: key) + "/"
        do throws(StoreError) {
            guard try root.flusher.sync(folder, since: mark) != .inDoubt || root.folders.isKnownDurable(path) else {
                throw Flusher.doubt(folder)
            }
        } catch { throw unknown(error) }
        root.folders.remember(durable: path)
    }

    /// Writes a proposal, and closes it before its name goes or gets a second one.
    private func propose(_ name: String, in later: OpenFile) throws(StoreError) -> NamedFile {
        let mark = root.flusher.markOfFile()
        let proposal: OpenFile
        do { proposal = try later.create(name, mode: root.directory.modes.file) } catch {
            throw error.code == .notFound ? lost : error  // The record was removed.
        }
        let status = try proposal.status()
        try root.directory.modes.adopt(proposal, status)
        try proposal.write(bytes, at: 0)
        try root.flusher.flush(file: proposal, since: mark)
        return NamedFile(name: name, folder: later, identity: status.identity)
    }

    /// - Throws: `preconditionFailed` unless the highest generation is the expected one with the expected content.
    private func expect(_ expected: RecordToken, in folder: OpenFile) throws(StoreError) -> Generations {
        for _ in 0..<OpenRoot.maximumLooks {
            let look = try root.look(atGenerationsOf: key, in: folder)
            if case .changing = look { continue }
            guard case .listed(let listed) = look, listed.highest == expected.generation else { throw lost }
            let isFirst = expected.generation == Generations.first
            let content =
                isFirst
                ? try root.content(String(key.name), in: folder)
                : try root.content(String(expected.generation), in: listed.folder)
            guard let content, try RecordToken.hash(of: content) == expected.hash else { throw lost }
            return listed
        }
        throw lost
    }

    // MARK: Steps

    /// Links and flushes a finished file, of which exactly one has the name.
    /// - Throws: `preconditionFailed` when the name is another's; `notFound` when the file's own name is gone;
    ///   `outcomeUnknown`, also where it has the name, and the flush of the folder failed.
    private func publish(
        _ file: NamedFile, as name: String, in folder: OpenFile, unstage: () -> Void
    ) throws(StoreError) {
        try conclude(try root.publish(file, as: name, in: folder, unstage: unstage), in: folder)
    }

    /// What a link means for a record, of which exactly one has the name.
    func conclude(_ outcome: LinkOutcome, in folder: OpenFile) throws(StoreError) {
        switch outcome {
        case .linked, .own: return
        case .taken(let file, let status):
            guard try isOwn(file, status) else { throw lost }
            do { try root.flusher.flush(folder: folder, since: .found) } catch { throw unknown(error) }
        case .unclear(let error): throw error.code == .corrupt ? error : unknown(error)
        case .undurable(let error): throw unknown(error)
        }
    }

    /// Some mounts number their files as they like; there the bytes tell, which no other write has.
    private func isOwn(_ file: OpenFile?, _ status: FileStatus) throws(StoreError) -> Bool {
        guard root.directory.filesystem.isShared, let file, status.sizeBytes == Int64(bytes.count) else { return false }
        return try file.read(at: 0, count: bytes.count) == bytes
    }

    private var beyondLast: StoreError {
        StoreError(
            .corrupt, "\"\(key)~\" has a generation \(Generations.last), which no writer made; move that file away")
    }

    private var lost: StoreError { .lost(key) }

    private func unknown(_ cause: StoreError) -> StoreError {
        StoreError(
            .outcomeUnknown,
            "it is unknown whether the record \"\(key)\" was written; read it again (\(cause.message))",
            cause: cause.cause)
    }
}

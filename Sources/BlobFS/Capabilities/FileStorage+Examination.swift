internal import BlobSystem
public import ObjectStorage

extension FileStorage: ExaminedStorage {
    public func examine() async throws(StoreError) -> Examination {
        try await blocking("examine", lane: .writing) { (root, _) throws(StoreError) in try root.examine() }
    }

    public func dismantle() async throws(StoreError) {
        // Its place is gone then, which is no sign of a share that went away.
        try await blocking("dismantle", lane: .writing) { (root, _) throws(StoreError) in try root.dismantle() }
    }
}

extension FileStorage: DescribedStorage {
    public func describe() async throws(StoreError) -> PlaceDescription {
        try await blocking("describe", lane: .reading) { (root, _) throws(StoreError) in try root.describe() }
    }

    public func tryWriting() async throws(StoreError) -> WritingTrial {
        try await blocking("tryWriting", lane: .writing) { (root, _) throws(StoreError) in
            let guarantees = try root.examine().guarantees
            let ahead = root.clock.isFresh ? root.clock.now.since(root.calls.wallTime) : nil
            return WritingTrial(guarantees: guarantees, clockAhead: ahead)
        }
    }
}

extension FileStorage: FolderKeeping {
    public func keepFolder(_ folder: KeyPrefix) async throws(StoreError) {
        try await blocking("keepFolder") { (root, _) throws(StoreError) in _ = try root.folders.ensured(folder) }
    }
}

extension OpenRoot {
    /// The mount that the root is on; nil where the kernel does not tell.
    private var mount: MountTable.Mount? {
        MountTable.mount(of: directory.open.raw, calls).flatMap { MountTable(now: calls)?[$0] }
    }

    fileprivate func describe() throws(StoreError) -> PlaceDescription {
        var found = PlaceDescription()
        found.place = mount?.title
        found.advice = mount?.advice ?? []
        found.notes = capabilities().advice
        do throws(Errno) {
            let space = try calls.space(of: directory.open.raw)
            found.room = PlaceDescription.Room(
                freeBytes: space.freeBytes, totalBytes: space.totalBytes,
                freeFiles: space.totalFiles > 0 ? space.freeFiles : nil)
        } catch { throw StoreError(error, call: "fstatvfs", directory.path.text) }
        return found
    }

    fileprivate func examine() throws(StoreError) -> Examination {
        var found = Examination()
        if let mount {
            found.place = mount.title
            found.advice = mount.advice
        }
        found.guarantees.append(
            try measure().links
                ? Guarantee(
                    "hard-links", holds: true, "link(2) works, so names are taken exclusively and moves are atomic")
                : Guarantee(
                    "hard-links", holds: false, "link(2) does not work, so only one process at a time may write here"))
        let staged = try staging.create()
        defer { try? staged.removeName() }
        guard let file = staged.file else { throw StoreError(.failed, "a staged file is not open") }
        try file.write(Array("probe".utf8), at: 0)
        found.guarantees.append(flushing(file))
        // A mount that cannot flush folders writes their names through.
        found.guarantees.append(try flushing(folder: staged.folder))
        found.guarantees.append(try modes(of: file))
        found.guarantees.append(try caseOfNames(staged.folder, staged.name))
        return found
    }

    private func flushing(_ file: OpenFile) -> Guarantee {
        do throws(Errno) {
            try calls.sync(file.raw)
            return Guarantee("file-flush", holds: true, "fsync(2) reports success")
        } catch {
            return Guarantee("file-flush", holds: false, "fsync(2) answers \(error)")
        }
    }

    private func flushing(folder: OpenFile) throws(StoreError) -> Guarantee {
        let refusal = try flusher.refusal(toFlush: folder)
        return Guarantee(
            "folder-flush", holds: refusal == nil, isNeeded: false,
            refusal.map { "fsync(2) answers \($0)" } ?? "fsync(2) reports success")
    }

    /// Whether files get the mode and group that other accounts need.
    private func modes(of file: OpenFile) throws(StoreError) -> Guarantee {
        if let flaw = directory.modes.flaw(try file.status()) {
            return Guarantee("modes", holds: false, isNeeded: false, "of a new file \(flaw)")
        }
        return Guarantee("modes", holds: true, isNeeded: false, "new files get the root directory's mode and group")
    }

    private func caseOfNames(_ folder: OpenFile, _ name: String) throws(StoreError) -> Guarantee {
        let isSensitive = try folder.open(name.uppercased(), [.readOnly, .nonBlocking, .noFollow]) == nil
        return Guarantee(
            "case-sensitive", holds: isSensitive, isNeeded: false,
            isSensitive ? "names differ by case" : "names do not differ by case, as the layout allows")
    }

    /// Takes the empty folders away, the root's own last. What is not empty stays: no file is removed.
    fileprivate func dismantle() throws(StoreError) {
        try directory.checkLocation()
        staging.letGo()
        guard let top = try folders.existing(.root) else { return }
        try removeFolders(in: top)
        guard let (above, name) = directory.path.parent else { return }
        let parent = try above.open(calls)
        do throws(Errno) {
            guard try calls.status(of: name, in: parent.raw).identity == directory.identity else { return }
            try calls.removeDirectory(name, in: parent.raw)
        } catch {
            throw StoreError(error, call: "unlinkat", directory.path.text)
        }
    }

    private func removeFolders(in folder: OpenFile) throws(StoreError) {
        var names: [String] = []
        try folder.names { entry in
            if entry.kind == .directory || entry.kind == nil, let name = String(validating: entry.name, as: UTF8.self) {
                names.append(name)
            }
        }
        // A disk's own folder, empty on most days, is no root's.
        for name in names where name != "lost+found" {
            guard let child = try folders.enter(name, in: folder) else { continue }
            try removeFolders(in: child)
            do { try calls.removeDirectory(name, in: folder.raw) } catch {
                if error == .notEmpty || error == .exists || error == .notFound { continue }
                throw StoreError(error, call: "unlinkat", child.subject)
            }
        }
    }
}

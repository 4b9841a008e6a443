public import BlobStore
internal import BlobSystem

extension FileStorage: ExaminedStorage {
    public func examine() async throws(StoreError) -> Examination {
        try await blocking("examine") { (files, _) throws(StoreError) in try files.examine() }
    }

    public func dismantle() async throws(StoreError) {
        try await blocking("dismantle") { (files, _) throws(StoreError) in try files.dismantle() }
    }
}

extension RootFiles {
    fileprivate func examine() throws(StoreError) -> Examination {
        var found = Examination()
        if let mount = Mount(of: root.directory) {
            found.place = "\(mount.type), mounted at \(mount.point) with \(mount.options.joined(separator: ","))"
            found.advice = mount.advice
        }
        found.guarantees.append(
            try measure().links
                ? Guarantee("hard-links", holds: true, "link(2) works, by which names are taken and moves are atomic")
                : Guarantee(
                    "hard-links", holds: false, "link(2) does not work: only one process at a time may write here"))
        let staged = try staging.create()
        defer { try? staged.removeName() }
        guard let file = staged.file else { throw StoreError(.failed, "a staged file is not open") }
        try file.write(Array("probe".utf8), at: 0)
        found.guarantees.append(Self.flushing(file, "file-flush", isNeeded: true))
        // A mount that cannot flush folders writes their names through.
        found.guarantees.append(Self.flushing(staged.directory, "folder-flush", isNeeded: false))
        found.guarantees.append(try modes(of: file))
        found.guarantees.append(try caseOfNames(staged.directory, staged.name))
        return found
    }

    private static func flushing(_ file: OpenFile, _ name: String, isNeeded: Bool) -> Guarantee {
        do throws(Errno) {
            try file.calls.sync(file.raw)
            return Guarantee(name, holds: true, isNeeded: isNeeded, "fsync(2) says that it worked")
        } catch {
            return Guarantee(name, holds: false, isNeeded: isNeeded, "fsync(2) answers \(error)")
        }
    }

    /// Whether files get the mode and group that other accounts need.
    private func modes(of file: OpenFile) throws(StoreError) -> Guarantee {
        if let flaw = root.modes.flaw(try file.status()) {
            return Guarantee("modes", holds: false, isNeeded: false, "of a new file \(flaw)")
        }
        return Guarantee("modes", holds: true, isNeeded: false, "new files get the root directory's mode and group")
    }

    private func caseOfNames(_ folder: OpenFile, _ name: String) throws(StoreError) -> Guarantee {
        let isSensitive = try folder.open(name.uppercased(), [.readOnly, .nonBlocking, .noFollow]) == nil
        return Guarantee(
            "case-sensitive", holds: isSensitive, isNeeded: false,
            isSensitive ? "names differ by case" : "names do not differ by case, which the layout is made for")
    }

    /// Takes the empty folders away, the root's own last. What is not empty stays: no file is removed.
    fileprivate func dismantle() throws(StoreError) {
        try root.checkLocation()
        staging.letGo()
        guard let top = try folders.existing(.root) else { return }
        try removeFolders(in: top)
        let path = root.path.hasSuffix("/") ? String(root.path.dropLast()) : root.path
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let name = String(path[path.index(after: slash)...])
        do throws(Errno) {
            let parent = try calls.opened(path: String(path[..<slash]), [.readOnly, .directory])
            guard try calls.status(of: name, in: parent.raw).identity == root.identity else { return }
            try calls.removeDirectory(name, in: parent.raw)
        } catch {
            throw StoreError(error, call: "unlinkat", path)
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

internal import BlobStore
internal import BlobSystem

/// A page of a listing in the making.
struct Page {
    let files: RootFiles
    let wantsDetails: Bool
    var entries: [ListEntry] = []
    /// The folder whose names were asked for last.
    private var current: (path: String, folder: OpenFile)?

    init(files: RootFiles, wantsDetails: Bool) {
        self.files = files
        self.wantsDetails = wantsDetails
    }

    /// A folder to go into; nil, with what is to be said about it, when that is not possible or it has vanished.
    mutating func open(_ path: String) throws(StoreError) -> OpenFile? {
        do throws(StoreError) { return try reopen(path) } catch {
            switch error.errno {
            case .crossDevice: entries.append(.foreign(path, .otherFilesystem))
            case .tooManySymlinks: entries.append(.foreign(path, .notAFile))
            default: throw error
            }
            return nil
        }
    }

    mutating func reopen(_ path: String) throws(StoreError) -> OpenFile? {
        let folder = try files.folders.listed(path)
        current = folder.map { (path, $0) }
        return folder
    }

    mutating func add(file name: ArraySlice<UInt8>, in prefix: String) throws(StoreError) {
        let key = Key(trusted: prefix + String(decoding: name, as: UTF8.self))
        if !wantsDetails { return entries.append(.key(key, nil)) }
        guard let status = try status(String(key.name), in: prefix) else { return }
        guard status.kind == .file else { return entries.append(.foreign(key.text, .notAFile)) }
        entries.append(.key(key, try files.info(status)))
        addAccess(key.text, status)
        guard key.isRecord, let later = try self.status(Generations.folderName(of: key), in: prefix) else { return }
        addAccess(Generations.folderName(of: key), later)
    }

    /// A folder `K~` without a `K`: a record that is being removed, which is there as long as it has a generation.
    mutating func add(generations name: ArraySlice<UInt8>, in prefix: String) throws(StoreError) {
        let key = Key(trusted: prefix + String(decoding: name, as: UTF8.self))
        guard let folder = try folder(prefix), let later = try files.generations(of: key, in: folder),
            let highest = later.numbers.last
        else { return }
        guard wantsDetails else { return entries.append(.key(key, nil)) }
        guard let there = try later.folder.openStored(String(highest)) else { return }
        entries.append(.key(key, try files.info(there.status)))
    }

    mutating func addAccess(_ path: String, _ status: FileStatus) {
        if let flaw = files.root.modes.flaw(status) { entries.append(.access(path, flaw)) }
    }

    private mutating func status(_ name: String, in prefix: String) throws(StoreError) -> FileStatus? {
        guard let folder = try folder(prefix) else { return nil }
        do { return try files.calls.status(of: name, in: folder.raw) } catch {
            if error == .notFound { return nil }
            throw StoreError(error, call: "fstatat", prefix + name)
        }
    }

    private mutating func folder(_ path: String) throws(StoreError) -> OpenFile? {
        if let current, current.path == path { return current.folder }
        return try reopen(path)
    }
}

internal import BlobSystem
internal import ObjectStorage

/// How far a listing has come: the folders it is in, each with the names that are left.
struct ListingWalk: Sendable {
    private static let pageSize = 1_000

    private struct Frame {
        let prefix: String
        var names: FolderNames
        /// The sort key of the last name that was taken.
        var last: ArraySlice<UInt8> = []
    }

    private let request: ListRequest
    private var frames: [Frame] = []
    private var hasBegun = false
    private(set) var isAtEnd = false

    init(_ request: ListRequest) { self.request = request }

    /// The next entries; fewer than a page only at the end.
    mutating func page(_ root: OpenRoot) throws(StoreError) -> [ListEntry] {
        var page = Page(root, wantsDetails: request.wantsDetails)
        if !hasBegun { try begin(&page) }
        while page.entries.count < Self.pageSize, let frame = frames.last {
            guard let (key, kind) = frames[frames.count - 1].names.pop() else {
                try finish(frame, &page)
                continue
            }
            frames[frames.count - 1].last = key
            switch kind {
            case .file:
                frames[frames.count - 1].names.skipGenerations(of: key)
                try page.add(file: key, in: frame.prefix)
            case .generations: try page.add(generations: key, in: frame.prefix)
            case .oddName: page.entries.append(.foreign(frame.prefix + text(key), .name))
            case .oddFolder: page.entries.append(.foreign(frame.prefix + text(key), .folder))
            case .litter: page.entries.append(.foreign(frame.prefix + text(key), .litter))
            case .oddFile: page.entries.append(.foreign(frame.prefix + text(key), .notAFile))
            case .folder: try add(folder: frame.prefix + text(key), &page)
            }
        }
        isAtEnd = frames.isEmpty
        return page.entries
    }

    private mutating func begin(_ page: inout Page) throws(StoreError) {
        hasBegun = true
        guard let bound = bound(of: request.prefix.text) else { return }
        let prefix = request.prefix
        try passing(prefix.text, &page) { (walk, page) throws(StoreError) in
            guard let folder = try page.root.folders.existing(prefix) else { return }
            try walk.enter(prefix.text, folder, from: bound)
        }
    }

    private mutating func add(folder path: String, _ page: inout Page) throws(StoreError) {
        if request.isFlat {
            page.entries.append(.folder(KeyPrefix(trusted: path)))
            guard request.wantsDetails else { return }
            return try passing(path, &page) { (_, page) throws(StoreError) in
                if let folder = try page.open(path) { try page.addAccess(path, folder.status()) }
            }
        }
        try passing(path, &page) { (walk, page) throws(StoreError) in
            guard let folder = try page.open(path), let bound = walk.bound(of: path) else { return }
            if walk.request.wantsDetails { try page.addAccess(path, folder.status()) }
            try walk.enter(path, folder, from: bound)
        }
    }

    /// Looks into a folder; where that is asked for, one that cannot be read is told and left.
    private mutating func passing(
        _ path: String, _ page: inout Page,
        _ look: (_ walk: inout ListingWalk, _ page: inout Page) throws(StoreError) -> Void
    ) throws(StoreError) {
        do throws(StoreError) { try look(&self, &page) } catch {
            guard request.passesUnreadable, Self.concernsOneFolder(error) else { throw error }
            page.entries.append(.unreadable(KeyPrefix(trusted: path), error.during("list", key: path)))
        }
    }

    /// Whether an error says something of one folder, and nothing of those beside it.
    private static func concernsOneFolder(_ error: StoreError) -> Bool {
        error.isOfTheWay || error.code == .permissionDenied || error.code == .failed
    }

    private mutating func enter(
        _ path: String, _ folder: OpenFile, from bound: FolderNames.Bound, isAgain: Bool = false
    ) throws(StoreError) {
        let names = try FolderNames(of: folder, path, from: bound, isAgain: isAgain)
        frames.append(Frame(prefix: path, names: names))
    }

    /// A folder's kept names are used up; there may be more on the disk.
    private mutating func finish(_ frame: Frame, _ page: inout Page) throws(StoreError) {
        frames.removeLast()
        guard frame.names.isCut, let folder = try page.reopen(frame.prefix) else { return }
        let bound = FolderNames.Bound(key: Array(frame.last), isInclusive: false)
        try enter(frame.prefix, folder, from: bound, isAgain: true)
    }

    /// Where the listing begins in a folder; nil when all of it stands before `startAfter`.
    private func bound(of folder: String) -> FolderNames.Bound? {
        guard let after = request.startAfter?.text else { return FolderNames.Bound() }
        guard after.utf8.starts(with: folder.utf8) else {
            return folder.utf8.lexicographicallyPrecedes(after.utf8) ? nil : FolderNames.Bound()
        }
        let rest = after.utf8.dropFirst(folder.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            return FolderNames.Bound(key: Array(rest), isInclusive: false)
        }
        return FolderNames.Bound(key: Array(rest[...slash]), isInclusive: true)
    }
}

/// A page of a listing in the making.
private struct Page {
    let root: OpenRoot
    let wantsDetails: Bool
    var entries: [ListEntry] = []
    /// The folder whose names were asked for last.
    private var current: (path: String, folder: OpenFile)?

    init(_ root: OpenRoot, wantsDetails: Bool) {
        self.root = root
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
        let folder = try root.folders.listed(path)
        current = folder.map { (path, $0) }
        return folder
    }

    mutating func add(file name: ArraySlice<UInt8>, in prefix: String) throws(StoreError) {
        let key = Key(trusted: prefix + String(decoding: name, as: UTF8.self))
        if !wantsDetails { return entries.append(.key(key, nil)) }
        guard let status = try status(String(key.name), in: prefix) else { return }
        guard status.kind == .file else { return entries.append(.foreign(key.text, .notAFile)) }
        entries.append(.key(key, root.info(status)))
        addAccess(key.text, status)
        guard key.isRecord, let later = try self.status(Generations.folderName(of: key), in: prefix) else { return }
        addAccess(Generations.folderName(of: key), later)
        guard let folder = try folder(prefix) else { return }
        // What stands in the way of this look stands in the way of reading the record, too, which tells of it.
        if case .listed(let listed)? = try? root.look(atGenerationsOf: key, in: folder) {
            add(strangersIn: listed, key)
        }
    }

    /// Tells what stands among the generations of a record and is none of them.
    private mutating func add(strangersIn generations: Generations, _ key: Key) {
        let folder = key.folder.text + Generations.folderName(of: key) + "/"
        for name in generations.strangers.sorted() {
            entries.append(.foreign(folder + name, Litter.isName(name) ? .litter : .name))
        }
    }

    /// A folder `K~` without a `K`: a record that is being removed, which is there as long as it has a generation.
    mutating func add(generations name: ArraySlice<UInt8>, in prefix: String) throws(StoreError) {
        let key = Key(trusted: prefix + String(decoding: name, as: UTF8.self))
        guard let folder = try folder(prefix), let later = try root.generations(of: key, in: folder),
            let highest = later.numbers.last
        else { return }
        guard wantsDetails else { return entries.append(.key(key, nil)) }
        defer { add(strangersIn: later, key) }
        guard let there = try later.folder.openStored(String(highest)) else { return }
        entries.append(.key(key, root.info(there.status)))
    }

    mutating func addAccess(_ path: String, _ status: FileStatus) {
        if let flaw = root.directory.modes.flaw(status) { entries.append(.access(path, flaw)) }
    }

    private mutating func status(_ name: String, in prefix: String) throws(StoreError) -> FileStatus? {
        guard let folder = try folder(prefix) else { return nil }
        do { return try root.calls.status(of: name, in: folder.raw) } catch {
            if error == .notFound { return nil }
            throw StoreError(error, call: "fstatat", prefix + name)
        }
    }

    private mutating func folder(_ path: String) throws(StoreError) -> OpenFile? {
        if let current, current.path == path { return current.folder }
        return try reopen(path)
    }
}

private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

internal import BlobStore
internal import BlobSystem

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
    mutating func page(_ files: RootFiles) throws(StoreError) -> [ListEntry] {
        var page = Page(files: files, wantsDetails: request.wantsDetails)
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
        guard let folder = try page.files.folders.existing(request.prefix) else { return }
        try enter(request.prefix.text, folder, from: bound)
    }

    private mutating func add(folder path: String, _ page: inout Page) throws(StoreError) {
        if request.isFlat {
            page.entries.append(.folder(KeyPrefix(trusted: path)))
            if request.wantsDetails, let folder = try page.open(path) { try page.addAccess(path, folder.status()) }
            return
        }
        guard let folder = try page.open(path), let bound = bound(of: path) else { return }
        if request.wantsDetails { try page.addAccess(path, folder.status()) }
        try enter(path, folder, from: bound)
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

private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

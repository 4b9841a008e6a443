/// Which part of one folder of a feed to list.
public struct FolderQuery: Sendable, Equatable {
    /// The folder, with or without a slash at its end; empty for the top of the feed.
    public var folder: String
    /// Only what comes after the entry of that name, in key order: a package's, or a folder's with its slash, as
    /// ``FolderPage/next`` gives it.
    public var after: String?
    /// So many entries at most.
    public var limit: Int

    /// A query; without arguments, for the first thousand entries at the top of the feed.
    public init(folder: String = "", after: String? = nil, limit: Int = 1_000) {
        self.folder = folder
        self.after = after
        self.limit = limit
    }
}

/// Something in a folder of a feed.
public enum FolderEntry: Sendable {
    /// A folder, by its name without a slash. Its packages may all be deleted.
    case folder(String)
    /// A package, with its record.
    case package(PackageRecord)
    /// Something in the folder that cannot be read, or that may hide packages: its name, and why.
    case unreadable(String, StoreError)
}

/// A part of one folder of a feed.
public struct FolderPage: Sendable {
    /// Folders and packages in key order. Deleted packages are left out.
    public let entries: [FolderEntry]
    /// Where the next page begins; nil when this is the last one.
    public let next: String?
}

extension Feed {
    /// What stands in one folder: its packages and the folders in it, not what is in those.
    /// - Throws: `invalidKey` for what cannot be a folder of packages; `invalidArgument` for a limit below 1 or over
    ///   10,000; and what listing throws.
    /// - Cost: one read for each package; memory for one page, whatever the size of the folder.
    public func folder(_ query: FolderQuery = FolderQuery()) async throws(StoreError) -> FolderPage {
        try await open().folder(query)
    }
}

extension FeedHandle {
    /// What stands in one folder; see ``Feed/folder(_:)``.
    public func folder(_ query: FolderQuery = FolderQuery()) async throws(StoreError) -> FolderPage {
        try await openedAfresh().folder(query)
    }
}

extension OpenFeed {
    package func folder(_ query: FolderQuery) async throws(StoreError) -> FolderPage {
        var listing = try FolderListing(query, in: self)
        return try await listing.page()
    }
}

/// One page of a folder in the making.
private struct FolderListing {
    private let feed: OpenFeed
    private let limit: Int
    private let prefix: KeyPrefix
    /// The path's part that all entries share: empty, or with a slash at its end.
    private let path: String
    /// Only what stands after it in key order; a folder in the form of a prefix.
    private let after: String?
    private var entries: [FolderEntry] = []

    init(_ query: FolderQuery, in feed: OpenFeed) throws(StoreError) {
        guard (1...10_000).contains(query.limit) else {
            throw StoreError(.invalidArgument, "a limit of \(query.limit) entries is out of range; use 1 to 10000")
        }
        self.feed = feed
        limit = query.limit
        let path = query.folder.isEmpty || query.folder.endsAtSlash ? query.folder : query.folder + "/"
        let prefix = try Self.folder(path)
        self.path = path
        self.prefix = prefix
        after = try query.after.map { (name) throws(StoreError) in try Self.text(of: name, in: path, prefix) }
    }

    /// What a cursor stands for in key order.
    private static func text(
        of cursor: String, in path: String, _ prefix: KeyPrefix
    ) throws(StoreError) -> String {
        // No package's name begins so: it is the storage's name of something else.
        if cursor.utf8.first == UInt8(ascii: "/") { return prefix.text + String(Substring(cursor.utf8.dropFirst())) }
        return cursor.endsAtSlash ? try folder(path + cursor).text : try PackagePath(path + cursor).key.text
    }

    /// - Throws: `invalidKey` where a package could not be in it.
    private static func folder(_ path: String) throws(StoreError) -> KeyPrefix {
        if path.isEmpty { return FeedLayout.packages }
        return try PackagePath(path + "x").key.folder
    }

    mutating func page() async throws(StoreError) -> FolderPage {
        var hasAny = false
        var last: ListEntry?
        for try await page in feed.storage.list(ListRequest(prefix, startAfter: start, isFlat: true)) {
            hasAny = hasAny || !page.isEmpty
            var rest = page.filter(isWanted)[...]
            while !rest.isEmpty {
                // Something is known to follow.
                if entries.count >= limit { return FolderPage(entries: entries, next: last.map(cursor)) }
                let some = rest.prefix(limit - entries.count)
                rest = rest.dropFirst(some.count)
                await add(Array(some))
                last = some.last
            }
        }
        if !hasAny, prefix == FeedLayout.packages { try await feed.storage.expectFolderOfRecords() }
        return FolderPage(entries: entries, next: nil)
    }

    /// Where the listing begins: before what comes after the cursor, which ``isWanted(_:)`` tells exactly. Of a folder
    /// whatever is in it is passed over, as far as that can be asked for: a key has no higher character than that one.
    private var start: Key? { after.flatMap { try? Key($0.endsAtSlash ? $0 + "}" : $0) } }

    /// Whether it comes after the cursor and is told of.
    private func isWanted(_ entry: ListEntry) -> Bool {
        if let after, !after.utf8.lexicographicallyPrecedes(entry.text.utf8) { return false }
        return entry.pathText != nil || entry.mayHideRecords
    }

    /// Adds entries in their order, with the packages' records, which are read together.
    private mutating func add(_ some: [ListEntry]) async {
        var records = await feed.read(some.compactMap(\.package), includesDeleted: false)[...]
        for entry in some {
            if let path = entry.package {
                if records.first?.path == path { entries.append(FolderEntry(records.removeFirst())) }
            } else if let text = entry.pathText {
                entries.append(.folder(String(Substring(name(text).utf8.dropLast()))))
            } else {
                entries.append(.unreadable(entry.text.without(prefix.text), .hidden(entry.text)))
            }
        }
    }

    private func name(_ text: String) -> String { text.without(path) }

    private func cursor(_ entry: ListEntry) -> String {
        entry.pathText.map(name) ?? "/" + entry.text.without(prefix.text)
    }
}

extension ListEntry {
    /// The package whose record it is; nil where it is none.
    fileprivate var package: PackagePath? { if case .key(let key, _) = self { try? PackagePath(of: key) } else { nil } }

    /// The path of the package or folder, the latter with a slash at its end; nil where it is neither.
    fileprivate var pathText: String? {
        if case .folder(let folder) = self { PackagePath.text(of: folder) } else { package?.text }
    }
}

/// By bytes: a letter that combines with a slash is a name of its own.
extension String {
    fileprivate var endsAtSlash: Bool { utf8.last == UInt8(ascii: "/") }

    /// What follows a text that it is known to begin with.
    fileprivate func without(_ beginning: String) -> String { String(Substring(utf8.dropFirst(beginning.utf8.count))) }
}

extension FolderEntry {
    fileprivate init(_ listed: PackageListing) {
        switch listed {
        case .package(let record): self = .package(record)
        case .unreadable(let path, let error): self = .unreadable(path.name, error)
        }
    }
}

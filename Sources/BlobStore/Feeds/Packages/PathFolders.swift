internal import Synchronization

/// Lists the paths below a text prefix, which need not end at a slash: the folder that surely holds them is listed
/// flat, and of what stands in it the names that match are gone into, in key order.
///
/// What may hide packages (a folder in a record's place, a link, a mount) does not end the listing: all that can be
/// listed comes first, then the error. A folder that cannot be read ends it at once. So no listing that passed
/// something over looks whole, unless the caller asks to be told instead, of both.
final class PathFolders: Sendable {
    private typealias Entries = AsyncPull<[ListEntry]>

    private let query: PackageQuery
    private let storage: any Storage
    private let wantsDetails: Bool
    /// Told of each thing that may hide packages and why, where the listing is not to end with an error for them.
    private let passed: PassedOver?
    private let outer: AsyncPull<[ListEntry]>
    private let state: Mutex<State>

    private struct State: Sendable {
        /// Entries of the outer listing that wait for their turn.
        var waiting: ArraySlice<ListEntry> = []
        /// The folder that is being listed in full.
        var inner: AsyncPull<[ListEntry]>?
        /// The first thing that may hide packages.
        var hidden: String?
        var foundAny = false
    }

    init(
        _ query: PackageQuery, in storage: any Storage, wantsDetails: Bool,
        passing passed: PassedOver? = nil
    ) {
        self.passed = passed
        self.query = query
        self.storage = storage
        self.wantsDetails = wantsDetails
        let cut = query.prefix.utf8.lastIndex(of: UInt8(ascii: "/")).map(query.prefix.utf8.index(after:))
        let folder = PackagePath.folder(query.prefix[..<(cut ?? query.prefix.startIndex)])
        let endsAtSlash = cut == query.prefix.endIndex || query.prefix.isEmpty
        outer = storage.list(
            ListRequest(
                folder, startAfter: query.after?.key, isFlat: !endsAtSlash, wantsDetails: wantsDetails,
                passesUnreadable: passed != nil))
        state = Mutex(State())
    }

    /// The next page of paths; nil at the end. A page may be empty.
    func next() async throws(StoreError) -> [ListedPath]? {
        if let inner = state.withLock({ $0.inner }) {
            var iterator = inner.makeAsyncIterator()
            if let page = try await iterator.next() { return paths(page) }
            state.withLock { $0.inner = nil }
        }
        if state.withLock({ $0.waiting.isEmpty }) {
            var iterator = outer.makeAsyncIterator()
            guard let page = try await iterator.next() else { return try await finish() }
            state.withLock { $0.waiting = page[...] }
        }
        return paths(takeWaiting())
    }

    /// The waiting keys up to the next folder, which is then listed.
    private func takeWaiting() -> [ListEntry] {
        state.withLock { state in
            var keys: [ListEntry] = []
            while let entry = state.waiting.popFirst() {
                guard case .folder(let folder) = entry else {
                    keys.append(entry)
                    continue
                }
                guard let text = PackagePath.text(of: folder), matches(text) else { continue }
                state.inner = storage.list(
                    ListRequest(
                        folder, startAfter: query.after?.key, wantsDetails: wantsDetails,
                        passesUnreadable: passed != nil))
                break
            }
            return keys
        }
    }

    /// - Throws: once, where something was passed over that may hide packages, or where they are all gone.
    private func finish() async throws(StoreError) -> [ListedPath]? {
        let (hidden, foundAny) = state.withLock { ($0.hidden.take(), $0.foundAny) }
        guard let hidden else {
            if !foundAny { try await storage.expectFolderOfRecords() }
            return nil
        }
        throw .hidden(hidden)
    }

    private func paths(_ entries: [ListEntry]) -> [ListedPath] {
        if !entries.isEmpty { state.withLock { $0.foundAny = true } }
        return entries.compactMap { entry in
            if entry.mayHideRecords {
                if let passed {
                    passed(entry.text, entry.whyHidden)
                } else {
                    state.withLock { $0.hidden = $0.hidden ?? entry.text }
                }
            }
            guard case .key(let key, let info) = entry, let path = try? PackagePath(of: key), matches(path.text),
                query.filter.admits(path.text)
            else { return nil }
            return ListedPath(path: path, info: info)
        }
    }

    /// By bytes: Swift compares text by meaning, and packages differ by bytes.
    private func matches(_ text: String) -> Bool { text.utf8.starts(with: query.prefix.utf8) }
}

/// Told of what may hide packages, by its place in the root, and why nothing is known of them.
typealias PassedOver = @Sendable (_ thing: String, _ why: StoreError) -> Void

/// A path, and what a listing tells of its record.
struct ListedPath: Sendable {
    let path: PackagePath
    /// Where the listing told it.
    let info: ObjectInfo?

    var record: ListedRecord { ListedRecord(key: path.key, info: info) }
}

extension Storage {
    /// A feed without packages has the folder for them, or has no content either.
    func expectFolderOfRecords() async throws(StoreError) {
        guard try await lacksFolderOfRecords() == true else { return }
        for try await page in list(ListRequest(FeedLayout.blobs)) where !page.isEmpty {
            throw StoreError(
                .corrupt,
                "the folder \(FeedLayout.packages) with all records is gone, and content is there; restore it from a backup"
            ).during("list", key: FeedLayout.packages.text, root: address)
        }
    }
}

extension ListEntry {
    fileprivate var whyHidden: StoreError {
        if case .unreadable(_, let error) = self { error } else { .hidden(text) }
    }
}

extension StoreError {
    /// What a listing says of a thing that may hide packages.
    static func hidden(_ thing: String) -> StoreError {
        StoreError(
            .corrupt,
            "\(thing) is not a record or a folder of the store's own, so packages that it may hide are not listed; move it "
                + "away, and restore what belongs there")
    }
}

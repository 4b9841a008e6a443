internal import Synchronization

/// Two listings in key order made one; of what both name, the first's entry is taken.
///
/// Memory: a page of each.
struct MergedListing {
    private var first: Reader
    private var second: Reader

    static func pages(_ first: AsyncPull<[ListEntry]>, _ second: AsyncPull<[ListEntry]>) -> AsyncPull<[ListEntry]> {
        let state = Mutex<MergedListing?>(MergedListing(first: Reader(first), second: Reader(second)))
        return AsyncPull { () async throws(StoreError) in
            // Only one call is ever under way, so the state is always there; it is put back but after an error.
            guard var merging = state.withLock({ $0.take() }) else { return nil }
            let page = try await merging.nextPage()
            state.withLock { $0 = merging }
            return page
        }
    }

    /// Entries up to where one of the two pages is used up; nil at the end.
    private mutating func nextPage() async throws(StoreError) -> [ListEntry]? {
        try await first.fill()
        try await second.fill()
        var entries: [ListEntry] = []
        while first.head != nil || second.head != nil {
            entries.append(takeNext())
            if first.needsPage || second.needsPage { break }
        }
        return entries.isEmpty ? nil : entries
    }

    private mutating func takeNext() -> ListEntry {
        guard let left = first.head else { return second.take() }
        guard let right = second.head else { return first.take() }
        if right.path.utf8.lexicographicallyPrecedes(left.path.utf8) { return second.take() }
        if left.path == right.path && left.isName && right.isName { _ = second.take() }
        return first.take()
    }

    /// A listing with the page that is being gone through.
    private struct Reader {
        private let fetch: AsyncPull<[ListEntry]>.Fetch
        private var page: ArraySlice<ListEntry> = []
        private var isAtEnd = false

        init(_ pages: AsyncPull<[ListEntry]>) {
            fetch = pages.puller()
        }

        var head: ListEntry? { page.first }
        var needsPage: Bool { page.isEmpty && !isAtEnd }

        mutating func fill() async throws(StoreError) {
            while needsPage {
                if let next = try await fetch() { page = next[...] } else { isAtEnd = true }
            }
        }

        mutating func take() -> ListEntry { page.removeFirst() }
    }
}

extension ListEntry {
    /// What places the entry in key order.
    fileprivate var path: String {
        switch self {
        case .key(let key, _): key.text
        case .folder(let folder): folder.text
        case .foreign(let path, _), .access(let path, _): path
        }
    }

    /// Whether it names something that was stored, rather than telling something about it.
    fileprivate var isName: Bool {
        switch self {
        case .key, .folder: true
        case .foreign, .access: false
        }
    }
}

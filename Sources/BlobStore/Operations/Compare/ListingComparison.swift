/// Compares two feeds: both are listed in key order, side by side, and each record is read once. A feed that one side
/// does not have counts as one without packages.
struct ListingComparison {
    private let first: (any Storage)?
    private let second: (any Storage)?
    private let tally: CompareTally
    private let feed: FeedName?

    init(_ first: (any Storage)?, with second: (any Storage)?, in feed: FeedName? = nil, _ tally: CompareTally) {
        self.first = first
        self.second = second
        self.feed = feed
        self.tally = tally
    }

    func callAsFunction() async throws(StoreError) {
        let left = first.map { ListingCursor($0, fail) }, right = second.map { ListingCursor($0, fail) }
        var one = try await left?.next(), other = try await right?.next()
        while one != nil || other != nil {
            if Task.isCancelled { throw StoreError(.cancelled, "the comparison was cancelled") }
            tally.counter.add(items: 1)
            let order = Self.order(one, other)
            // What the other side may hide was told when it was met.
            switch order {
            case .same: compare(one, other)
            case .before: if let one, right?.mayHold(one.path) != true { compare(one, nil) }
            case .after: if let other, left?.mayHold(other.path) != true { compare(nil, other) }
            }
            if order != .after { one = try await left?.next() }
            if order != .before { other = try await right?.next() }
        }
    }

    private enum Order { case before, same, after }

    private static func order(_ one: PackageListing?, _ other: PackageListing?) -> Order {
        guard let one else { return .after }
        guard let other else { return .before }
        if one.path == other.path { return .same }
        return one.path < other.path ? .before : .after
    }

    /// Compares what stands at one path.
    private func compare(_ one: PackageListing?, _ other: PackageListing?) {
        for case .unreadable(let path, let error) in [one, other].compactMap({ $0 }) {
            return tally.fail(name(path), error)
        }
        switch (one?.record, other?.record) {
        case (let one?, let other?) where one.digest == other.digest: tally.addEqual()
        case (let one?, _?): tally.add(.different, path: one.path.text, in: feed)
        case (let one?, nil): tally.add(.missing, path: one.path.text, in: feed)
        case (nil, let other?): tally.add(.extra, path: other.path.text, in: feed)
        case (nil, nil): break
        }
    }

    /// Tells of what may hide packages.
    private func fail(_ thing: String, _ why: StoreError) { tally.fail(feed.map { "\($0): \(thing)" } ?? thing, why) }

    private func name(_ path: PackagePath) -> String { feed.map { "\($0): \(path)" } ?? path.text }
}

extension PackageListing {
    fileprivate var record: PackageRecord? { if case .package(let record) = self { record } else { nil } }
}

/// Goes through the packages of a feed in key order, a page in memory at a time.
private final class ListingCursor {
    private let pages: AsyncPull<[PackageListing]>
    private let hidden = HiddenPackages()
    private var page: ArraySlice<PackageListing> = []

    /// - Parameter passed: told of what may hide packages.
    init(_ storage: any Storage, _ passed: @escaping PassedOver) {
        pages = storage.packages(PackageQuery()) { [hidden] thing, why in
            hidden.add(thing)
            passed(thing, why)
        }
    }

    /// Whether a package that is not listed may be there all the same.
    func mayHold(_ path: PackagePath) -> Bool { hidden.mayHold(path) }

    func next() async throws(StoreError) -> PackageListing? {
        while page.isEmpty {
            var iterator = pages.makeAsyncIterator()
            guard let next = try await iterator.next() else { return nil }
            page = next[...]
        }
        return page.popFirst()
    }
}

/// Compares what two places hold, package by package, by digest: what is missing, different or extra in the second.
///
/// Of feeds the records are compared, and their content is not read: whether it is intact is what ``CheckOperation``
/// finds out. Files of a tree are read and hashed. Deleted packages count as absent.
public struct CompareOperation: Sendable {
    /// One of the two places.
    public enum Side: Sendable {
        /// A feed, wherever its root is now.
        case feed(Feed)
        /// A feed root, or a server root with all of its feeds, as it stands there: one that was moved away from is not
        /// left for the one that took over.
        case root(RootURL)
        /// A directory of this machine: the root that stands there, or else a tree of files.
        case directory(String, RootURL)
    }

    /// A package that the two do not have alike.
    public struct Difference: Sendable, Equatable {
        /// What is not alike.
        public enum Kind: String, Sendable {
            /// Only the first has it.
            case missing
            /// Only the second has it.
            case extra
            /// Both have it, with different content.
            case different
        }

        /// Where whole server roots are compared.
        public let feed: FeedName?
        /// The package's path; nil for a feed that only one of two server roots has.
        public let path: String?
        /// What is not alike.
        public let kind: Kind
    }

    /// What the comparison tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        case difference(Difference)
        /// Something could not be looked at, so it is unknown whether both have it alike.
        case failed(String, StoreError)
        /// Both server roots have this very root for a feed, so there was nothing to compare.
        case shared(FeedName, RootURL)
    }

    /// What the comparison came to. Feeds that only one of two server roots has count too, beside their packages.
    public struct Summary: Sendable, Equatable {
        /// Packages that both have with the same content.
        public var equal: Int64 = 0
        /// What only the first has.
        public var missing: Int64 = 0
        /// What only the second has.
        public var extra: Int64 = 0
        /// Packages that both have, with different content.
        public var different: Int64 = 0
        /// Feeds that both server roots have in one and the same root, so that there was nothing to compare.
        public var shared: Int64 = 0
        /// What could not be looked at.
        public var failed: Int64 = 0

        /// A summary of nothing.
        public init() {}

        /// Whether no difference was found; what could not be looked at is not known to be equal.
        public var isEqual: Bool { missing == 0 && extra == 0 && different == 0 }

        /// Whether all that both have is in roots of both, as when one only sends its readers to the other.
        public var comparedNothing: Bool { shared > 0 && equal == 0 && isEqual }
    }

    private let sides: (first: Side, second: Side)
    private let node: NodeName
    private let opener: any StorageOpener
    private let jobs: Int
    private let report: @Sendable (Event) -> Void

    /// How to compare.
    /// - Parameters:
    ///   - node: this machine, as stores are opened.
    ///   - opener: opens roots that are given by their place.
    ///   - jobs: files worked on at once; nil for 8.
    public init(
        _ first: Side, with second: Side, as node: NodeName, opener: any StorageOpener, jobs: Int? = nil,
        report: @escaping @Sendable (Event) -> Void
    ) {
        sides = (first, second)
        self.node = node
        self.opener = opener
        self.jobs = jobs ?? usualJobs
        self.report = report
    }

    /// Compares to the end, whatever single packages cannot be looked at.
    /// - Throws: what keeps one side from being opened or listed; `invalidArgument` for two that cannot be compared, or
    ///   are one and the same root.
    /// - Cost: one read of each record; all bytes of the tree; memory for a few pages of a listing.
    public func run() async throws(StoreError) -> Summary {
        let places = ComparedPlaces(node: node, opener: opener)
        do throws(StoreError) {
            let tally = CompareTally(report)
            try await compare(try await places.open(sides.first), with: try await places.open(sides.second), tally)
            await places.close()
            return tally.summary
        } catch {
            await places.close()
            throw error
        }
    }

    private func compare(
        _ first: ComparedPlace, with second: ComparedPlace, _ tally: CompareTally
    ) async throws(StoreError) {
        switch (first, second) {
        case (.packages(let first), .packages(let second)):
            guard first.id != second.id else { throw Self.same(first.name, second.name) }
            try await ListingComparison(first.storage, with: second.storage, tally)()
        case (.packages(let packages), .tree(let tree)):
            try await TreeComparison(of: packages.storage, with: tree, isTreeFirst: false, jobs: jobs, tally)()
        case (.tree(let tree), .packages(let packages)):
            try await TreeComparison(of: packages.storage, with: tree, isTreeFirst: true, jobs: jobs, tally)()
        case (.server(let first), .server(let second)):
            guard first.rootID != second.rootID else { throw Self.same(first.url.description, second.url.description) }
            try await ServerComparison(first, with: second, tally)()
        case (.tree, .tree):
            throw StoreError(.invalidArgument, "both are plain directories; compare those with \"diff -r\"")
        case (.server, _), (_, .server):
            throw StoreError(
                .invalidArgument,
                "a server root can only be compared with another; name one of its feeds, or the feed's own root")
        }
    }

    /// A root compared with itself is no proof of anything, and least of all that another may be deleted.
    private static func same(_ first: String, _ second: String) -> StoreError {
        if first == second {
            return StoreError(.invalidArgument, "both are one and the same root, \(first); name two that are apart")
        }
        return StoreError(
            .invalidArgument,
            "\(first) and \(second) have one id, so they are one and the same root or one is a copy of the other, "
                + "which nothing here tells; \"blobtool check --content all\" with --root checks a copy by itself")
    }
}

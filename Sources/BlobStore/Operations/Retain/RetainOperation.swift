/// Deletes old versions: of each folder that a rule names, the newest children stay, and all packages in the others go.
///
/// A child is a folder or a package directly in the folder, and as new as the latest publication in it. Packages are
/// deleted as ``Feed/remove(_:if:by:)`` deletes them: they can be restored until a collection frees their content.
///
/// *Guarantees*: a package goes only if each rule lets it go that names a folder on its way. Children as new as the
/// last one that stays, stay too. Beside them stays whatever was restored, or has a time of publication in the future.
/// A child in which something was published, restored or annotated after it was looked at stays as a whole; what
/// happens while its packages go is noticed package by package, since each goes by compare-and-swap. Of a folder in
/// which anything cannot be looked at, nothing goes; that is told, and the other folders are gone through.
///
/// *Cost*: one listing of all paths; of each folder with more children than are kept, deleted ones too, a reading of
/// its records, and two more of each child that goes. Memory for the children of the folders on one way.
public struct RetainOperation: Sendable {
    /// How it is done.
    public struct Options: Sendable {
        /// What stays; nil for what the feed's record says.
        public var rules: [RetentionRule]?
        /// Whether to delete anything; else it only says what would go.
        public var deletes: Bool
        /// In whose name, as the packages' history tells.
        public var by: String
        /// Packages that are deleted at once; 8 where nothing else is said.
        public var jobs: Int
        /// Where a former run has come to, as ``Event/reached(_:_:)`` told; nil for the beginning.
        public var after: PackagePath?

        /// How to do it; without more than a name, nothing is deleted.
        public init(
            rules: [RetentionRule]? = nil, deletes: Bool = false, by: String, jobs: Int? = nil,
            after: PackagePath? = nil
        ) {
            self.rules = rules
            self.deletes = deletes
            self.by = by
            self.jobs = jobs ?? usualJobs
            self.after = after
        }
    }

    /// What it tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// A package that was deleted, or would be.
        case expired(ExpiredPackage)
        /// A package that could not be deleted, or a folder or thing that could not be looked at, by its path.
        case failed(String, StoreError)
        /// All packages up to that path are done, with what they came to.
        case reached(PackagePath, Summary)
    }

    /// What it came to.
    public struct Summary: Sendable, Equatable {
        /// Packages that were passed, deleted ones too.
        public var listed: Int64 = 0
        /// Packages that were deleted, or would be.
        public var expired: Int64 = 0
        /// Of those, in bytes.
        public var bytes: Int64 = 0
        /// Children and packages that stay because they changed after they were looked at.
        public var changed: Int64 = 0
        /// Packages that could not be deleted.
        public var failed: Int64 = 0
        /// Folders and things that could not be looked at.
        public var skipped: Int64 = 0

        /// A summary of nothing.
        public init() {}

        /// Whether everything could be looked at.
        public var isComplete: Bool { skipped == 0 }
    }

    private let feed: Feed
    private let options: Options
    private let report: @Sendable (Event) -> Void

    /// The old versions of one feed.
    /// - Parameter report: told what happens, from any thread.
    public init(_ feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void) {
        self.feed = feed
        self.options = options
        self.report = report
    }

    /// Goes through the feed once.
    /// - Throws: `invalidArgument` where there is no rule; `preconditionFailed` where the feed's rules were changed
    ///   meanwhile; what listing all paths throws.
    public func run() async throws(StoreError) -> Summary {
        let opened = options.deletes ? try await feed.openForWriting() : try await feed.open()
        let rules = options.rules ?? opened.record.retentionRules
        if rules.isEmpty {
            throw StoreError(
                .invalidArgument,
                "the feed \"\(feed.name)\" has no rule that says which versions stay; set one with \"blobtool feed set "
                    + "\(feed.name) --retain 'PATTERN=N'\"")
        }
        return try await FeedRetention(opened, by: rules, options, report).run()
    }
}

/// A package that is older than what a rule keeps.
public struct ExpiredPackage: Sendable {
    /// What its record says.
    public let record: PackageRecord
    /// The folder that has newer children enough.
    public let folder: String
    /// What is in that folder, and goes: the package itself, or a folder with a slash at its end.
    public let child: String
    /// When anything was published in it for the last time.
    public let latest: Timestamp
    /// The rule that let it go.
    public let rule: RetentionRule
}

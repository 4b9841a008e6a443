/// Something that a check found, with the packages that it affects.
public struct Finding: Sendable, Equatable {
    /// What is wrong, by the names that reports and scripts use.
    public enum Kind: String, Sendable, CaseIterable {
        case missingBlob = "missing-blob"
        case sizeMismatch = "size-mismatch"
        case corruptBlob = "corrupt-blob"
        case badRecord = "bad-record"
        case orphanBlob = "orphan-blob"
        case staleStaging = "stale-staging"
        case unexpectedObject = "unexpected-object"
        case permissions = "permissions"
        case quarantined = "quarantined"
        case wrongRoot = "wrong-root"
        /// Work on the feed that was begun and did not end, so that nobody can publish.
        case unfinished = "unfinished"
        case bucketSettings = "bucket-settings"
    }

    /// How much it matters.
    public enum Severity: String, Sendable, CaseIterable, Comparable {
        case info, warning, error

        public static func < (left: Severity, right: Severity) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }
    }

    /// What was found.
    public let kind: Kind
    /// How bad it is.
    public let severity: Severity
    /// Nil for the server root itself.
    public let feed: FeedName?
    /// The key, or the name of what is no key.
    public let key: String
    /// The paths of the packages that it affects, at most ``maximumPackages``.
    public let packages: [String]
    /// How many packages it affects.
    public let packageCount: Int
    /// One sentence: what is wrong, and what to do.
    public let message: String

    /// A blob may be named by any number of packages; so many are listed.
    public static let maximumPackages = 1_000

    package init(
        _ kind: Kind, _ severity: Severity? = nil, feed: FeedName?, key: String, packages: [String] = [],
        packageCount: Int? = nil, _ message: String
    ) {
        self.kind = kind
        self.severity = severity ?? kind.usualSeverity
        self.feed = feed
        self.key = key
        self.packages = packages
        self.packageCount = packageCount ?? packages.count
        self.message = message
    }
}

extension Finding.Kind {
    /// What a check reports of a root that cannot be opened; nil where the error says nothing of the root itself.
    package init?(ofRoot error: StoreError) {
        switch error.code {
        case .wrongRoot: self = .wrongRoot
        // It may be the right one; this version cannot tell.
        case .unknownFormat where error.key == FeedLayout.marker.text: self = .wrongRoot
        case .corrupt where error.key == FeedLayout.marker.text: self = .badRecord
        default: return nil
        }
    }

    fileprivate var usualSeverity: Finding.Severity {
        switch self {
        case .missingBlob, .sizeMismatch, .corruptBlob, .badRecord, .wrongRoot: .error
        case .unexpectedObject, .permissions, .quarantined, .unfinished, .bucketSettings: .warning
        case .orphanBlob, .staleStaging: .info
        }
    }
}

/// Something that was looked at, how it is, and what to do about it.
public struct Advice: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable, CaseIterable {
        /// It is as it should be.
        case good
        /// A person may want to know it.
        case info
        /// It works, but something should be changed.
        case warning
        /// Something does not work, or is about to lose data.
        case error
    }

    /// How bad it is.
    public let severity: Severity
    /// What was looked at, in a word or in a few apart by hyphens, e.g. `identity`, `room`.
    public let what: String
    /// One sentence without a final dot: how it is and, where there is something to do, what to do.
    public let message: String
    /// The feed whose root it is about; nil for the server root and what belongs to no feed.
    public internal(set) var feed: FeedName?
    /// False where it could not be looked at, so that nothing is known of it.
    public let isCertain: Bool

    /// Advice of that severity.
    /// - Parameter isCertain: false where it could not be looked at.
    public init(_ severity: Severity, of what: String, _ message: String, isCertain: Bool = true) {
        self.severity = severity
        self.what = what
        self.message = message
        self.isCertain = isCertain
    }

    /// What could not be looked at, and why, which says what to do.
    /// - Parameter subject: what it was, as the beginning of a sentence.
    public init(_ what: String, unknown error: StoreError, _ subject: String) {
        self.init(.error, of: what, "\(subject) could not be looked at: \(error.message)", isCertain: false)
    }

    /// The same, about a feed's root.
    func about(_ feed: FeedName?) -> Advice {
        var copy = self
        copy.feed = feed
        return copy
    }
}

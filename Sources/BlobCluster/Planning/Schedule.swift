/// What is to be done again and again.
public struct Schedule: Sendable, Equatable {
    /// Names it; by the rule of a feed's name.
    public let name: String
    /// The kind of its jobs: the name of a ``JobRunner``.
    public let kind: String
    /// What the runner needs to know.
    public let arguments: [String: String]
    /// From one time to the next.
    public let interval: Duration

    /// A schedule.
    /// - Throws: `invalidArgument` for a name that no schedule can have.
    public init(
        _ name: String, kind: String, _ arguments: [String: String] = [:], every interval: Duration
    ) throws(StoreError) {
        self.name = try FeedName(name).text
        self.kind = kind
        self.arguments = arguments
        self.interval = interval
    }

    /// What a feed's rules ask for again and again.
    init(
        _ kind: String, of feed: FeedName, _ arguments: [String: String], every interval: Duration
    ) {
        name = "\(kind)-\(feed)"
        self.kind = kind
        self.arguments = arguments
        self.interval = interval
    }
}

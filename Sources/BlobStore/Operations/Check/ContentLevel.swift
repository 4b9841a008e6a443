/// How much of the content a check reads and hashes.
public enum ContentLevel: Sendable, Equatable {
    /// Nothing: presence and sizes only.
    case none
    /// All.
    case all
    /// So many percent of the bytes, those whose verification is the longest ago.
    case share(percent: Double)
    /// One of so many fixed parts of all digests: those whose first 8 hex digits modulo `of` are `part - 1`.
    case subset(part: UInt32, of: UInt32)
    /// What was not verified for so long.
    case unverified(Duration)
    /// What keeps all content verified within a period, by a check that comes again and again: what would be older than
    /// that before the next one, and, of what was never verified, as much as its turn is.
    case due(within: Duration, every: Duration)
}

/// What a feed holds, in figures. Sizes are in bytes.
public struct FeedStatistics: Sendable, Equatable {
    /// So many things, of so many bytes together.
    public struct Amount: Sendable, Equatable {
        /// How many there are.
        public internal(set) var count: Int64 = 0
        /// Their bytes.
        public internal(set) var bytes: Int64 = 0

        /// None.
        public init() {}

        mutating func add(_ size: Int64) {
            count += 1
            bytes.add(stated: size)
        }

        /// Adds another amount.
        public mutating func add(_ other: Amount) {
            count += other.count
            bytes.add(stated: other.bytes)
        }
    }

    /// Packages that can be read, with the bytes that a reader of all of them would get.
    public internal(set) var packages = Amount()
    /// Packages that were deleted and can still be restored, as far as their content was not collected.
    public internal(set) var deleted: Int64 = 0
    /// Former states of packages that are kept.
    public internal(set) var formerRevisions: Int64 = 0
    /// Records and folders that could not be read, of which nothing else is counted.
    public internal(set) var unreadable: Int64 = 0
    /// Content as it is stored, each once, whether or not a package names it.
    public internal(set) var blobs = Amount()
    /// What packages have in common with others of the feed, and so is not stored again.
    public internal(set) var sharedBytes: Int64 = 0
    /// Content on its way out, for one grace period (on a filesystem).
    public internal(set) var retired = Amount()
    /// Damaged content that is kept for a person.
    public internal(set) var quarantined = Amount()
    /// Uploads that are under way, or were left behind.
    public internal(set) var staged = Amount()

    /// The figures of a feed that holds nothing.
    public init() {}

    /// Adds the figures of another feed. What feeds share with one another does not show.
    public mutating func add(_ other: FeedStatistics) {
        packages.add(other.packages)
        deleted += other.deleted
        formerRevisions += other.formerRevisions
        unreadable += other.unreadable
        blobs.add(other.blobs)
        sharedBytes.add(stated: other.sharedBytes)
        retired.add(other.retired)
        quarantined.add(other.quarantined)
        staged.add(other.staged)
    }
}

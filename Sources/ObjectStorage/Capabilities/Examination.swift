/// A promise that a place was measured to keep, or not to keep.
public struct Guarantee: Sendable, Equatable {
    /// In a few words apart by hyphens, e.g. `exclusive-create`.
    public let name: String
    /// Nil where it could not be measured.
    public let holds: Bool?
    /// Whether nodes may share the place only where it holds.
    public let isNeeded: Bool
    /// One sentence without a final dot: what was measured, or what is missing.
    public let detail: String

    /// A guarantee that was looked at.
    /// - Parameters:
    ///   - holds: nil if it could not be measured.
    ///   - isNeeded: whether nodes may share the storage only if it holds.
    ///   - detail: what was measured, as one sentence.
    public init(_ name: String, holds: Bool?, isNeeded: Bool = true, _ detail: String) {
        self.name = name
        self.holds = holds
        self.isNeeded = isNeeded
        self.detail = detail
    }
}

/// What a backend finds out about its place that no other could ask.
public struct Examination: Sendable, Equatable {
    /// What was measured.
    public var guarantees: [Guarantee] = []
    /// What kind of place it is, e.g. `ext4, mounted at /srv with rw,relatime`.
    public var place: String?
    /// What a person should change: one sentence each.
    public var advice: [String] = []

    /// An examination that has found nothing yet.
    public init() {}
}

/// A storage that can look beneath the protocol, for a probe of its place.
public protocol ExaminedStorage: Storage {
    /// Measures what only this kind of storage has, with things of its own that it removes again.
    /// - Throws: what stands in the way of measuring; what the place lacks is told in the examination.
    func examine() async throws(StoreError) -> Examination

    /// Removes the emptied place itself, as far as nothing stands in it. The storage is not used after it.
    /// - Throws: `failed` when something is left.
    func dismantle() async throws(StoreError)
}

/// What a place is, and how it is set up, as it can be told without writing there.
public struct PlaceDescription: Sendable, Equatable {
    /// What kind of place it is, e.g. `ext4, mounted at /srv with rw,relatime`.
    public var place: String?
    /// What it was found to promise before, and how it is set up.
    public var guarantees: [Guarantee] = []
    /// What a person should change: one sentence each.
    public var advice: [String] = []
    /// What a person may want to know: one sentence each.
    public var notes: [String] = []
    /// How much room there is; nil where a place has no limit of its own, or does not tell.
    public var room: Room?

    /// How much room a place has.
    public struct Room: Sendable, Equatable {
        /// What this account may still write, and what there is in all, in bytes.
        public var freeBytes, totalBytes: Int64
        /// How many more files there may be; nil where there is no limit.
        public var freeFiles: Int64?

        /// Room of that size.
        public init(freeBytes: Int64, totalBytes: Int64, freeFiles: Int64?) {
            self.freeBytes = freeBytes
            self.totalBytes = totalBytes
            self.freeFiles = freeFiles
        }
    }

    /// A description that says nothing yet.
    public init() {}
}

/// What came of writing something to a place, and removing it again.
public struct WritingTrial: Sendable, Equatable {
    /// What was measured with it.
    public var guarantees: [Guarantee]
    /// How far the place's clock is ahead of this machine's, negative where it is behind; nil where it is not told.
    public var clockAhead: Duration?

    /// A trial that has found that.
    public init(guarantees: [Guarantee] = [], clockAhead: Duration? = nil) {
        self.guarantees = guarantees
        self.clockAhead = clockAhead
    }
}

/// A storage that tells what its place is like, for who looks after a root in use.
public protocol DescribedStorage: Storage {
    /// Tells what the place is, without writing there.
    /// - Throws: what stands in the way of looking.
    func describe() async throws(StoreError) -> PlaceDescription

    /// Writes something small that nobody else can meet, makes it durable where files are flushed, and removes it
    /// again.
    /// - Throws: `permissionDenied` or `readOnly` where this account may not write; what else stands in the way.
    func tryWriting() async throws(StoreError) -> WritingTrial
}

/// A storage in which folders stand by themselves, whether or not there is anything in them.
public protocol FolderKeeping: Storage {
    /// Makes a folder, durably; one that is there is a success.
    func keepFolder(_ folder: KeyPrefix) async throws(StoreError)
}

/// A storage whose listings may turn out not to be what the protocol asks for, and that can be cleared all the same.
public protocol SweptStorage: Storage {
    /// Removes everything that stands here, under whatever name: for a place that a probe has to itself.
    func sweep() async throws(StoreError)
}

extension Storage {
    /// Makes a folder, durably, where folders stand by themselves.
    package func keepFolder(_ folder: KeyPrefix) async throws(StoreError) {
        guard let place = try await capability((any FolderKeeping).self, at: folder.appending("x")) else { return }
        try await place.storage.keepFolder(place.key.folder)
    }
}

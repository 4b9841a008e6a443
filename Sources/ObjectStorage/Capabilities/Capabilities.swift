/// What a storage can promise, measured where it can't be known.
public struct Capabilities: Sendable, Equatable {
    /// One winner among any number of writers on any number of nodes. Without it the root is for one writer only.
    public var sharedWriters: Bool
    /// Objects move in one atomic step, so that a collector can retire them.
    public var atomicMove: Bool
    /// ``Objects/copyObject(from:_:to:)`` may work between places of this storage.
    public var copyWithoutBytes: Bool
    /// The largest object that can be stored, in bytes; nil where nothing but space is a limit.
    public var largestObjectBytes: Int64?
    /// Staged content that is larger goes through a file of this machine before it is committed, so that what can be
    /// read again had better be written from where it is; nil where content is staged inside the storage.
    public var spoolsAboveBytes: Int64?
    /// What a person should know: one sentence for each promise that is missing, with what to do.
    public var advice: [String]

    /// What a storage can promise.
    public init(
        sharedWriters: Bool, atomicMove: Bool, copyWithoutBytes: Bool, largestObjectBytes: Int64? = nil,
        spoolsAboveBytes: Int64? = nil, advice: [String] = []
    ) {
        self.sharedWriters = sharedWriters
        self.atomicMove = atomicMove
        self.copyWithoutBytes = copyWithoutBytes
        self.largestObjectBytes = largestObjectBytes
        self.spoolsAboveBytes = spoolsAboveBytes
        self.advice = advice
    }
}

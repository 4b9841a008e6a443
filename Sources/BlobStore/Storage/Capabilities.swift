/// What a storage can promise, measured where it can't be known.
public struct Capabilities: Sendable, Equatable {
    /// One winner among any number of writers on any number of nodes. Without it the root is for one writer only.
    public var sharedWriters: Bool
    /// Objects move in one atomic step, so that a collector can retire them.
    public var atomicMove: Bool
    /// ``Objects/copyObject(from:_:to:)`` may work between places of this storage.
    public var copyWithoutBytes: Bool
    /// What a person should know: one sentence for each promise that is missing, with what to do.
    public var advice: [String]

    public init(
        sharedWriters: Bool, atomicMove: Bool, copyWithoutBytes: Bool, advice: [String] = []
    ) {
        self.sharedWriters = sharedWriters
        self.atomicMove = atomicMove
        self.copyWithoutBytes = copyWithoutBytes
        self.advice = advice
    }
}

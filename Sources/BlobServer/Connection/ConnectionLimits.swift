/// What one connection may cost.
///
/// The rates count only while the node waits for the other side: a slow storage is nobody's fault but ours.
public struct ConnectionLimits: Sendable, Equatable {
    /// All header fields of a request together.
    public var headerBytes = 16 << 10
    /// The request line's target.
    public var targetBytes = 8 << 10
    /// Header fields of a request.
    public var fields = 100
    /// A connection without a request is closed after that.
    public var idle = Duration.seconds(75)
    /// A request's header must be complete by then, counted from its first byte.
    public var head = Duration.seconds(10)
    /// Over how long a rate is measured.
    public var window = Duration.seconds(20)
    /// What a body must bring, and a reader must take, at least.
    public var bytesPerSecond = 512
    /// How often a connection is looked at.
    public var look = Duration.seconds(5)
    /// After the last answer so much is still read, so that the answer is not lost.
    public var lingerBytes = 256 << 10
    /// After the last answer the other side has so long to close.
    public var linger = Duration.seconds(2)

    /// The defaults.
    public init() {}

    /// What must have passed in a window.
    var windowBytes: Int64 { Int64(bytesPerSecond) * max(1, window.components.seconds) }
}

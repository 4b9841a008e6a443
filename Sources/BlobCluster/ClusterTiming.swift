/// How often nodes look and give signs of life, and after how long a silent one is taken for dead.
///
/// The defaults keep three idle nodes below 10,000 requests an hour in all. All nodes of a store use the same.
public struct ClusterTiming: Sendable {
    /// From one sign of life of a node to the next; also the bound after which a revoked key is refused everywhere.
    public var heartbeat = Duration.seconds(10)
    /// A node that was silent for so long is taken for dead.
    public var silence = Duration.seconds(30)
    /// How long a lease holds without a renewal; it is renewed at a third of that.
    public var leaseLength = Lease.nodeLength
    /// From one look of a candidate at a lease to the next, up to a quarter more or less.
    public var leaseLook = Lease.nodeLook
    /// From one look for work to the next, up to a quarter more or less.
    public var jobLook = Duration.seconds(10)
    /// The same while there is a job that has not ended, so that a dead node's part is resumed soon.
    public var busyLook = Duration.milliseconds(1_500)
    /// From one note of a job's progress to the next, which is its sign of life.
    public var progress = Duration.seconds(3)
    /// How long a node's claim to a part of a job holds without such a note.
    public var claimLength = Duration.seconds(9)
    /// From one look of the planner at the feeds' rules to the next.
    public var rulesLook = Duration.seconds(600)
    /// From one look at the shared secrets to the next.
    public var secretsLook = Duration.seconds(30)
    /// So long a job that has ended, or a node that left or died, is kept for people to look at.
    public var retention = Duration.seconds(86_400)

    /// The defaults.
    public init() {}
}

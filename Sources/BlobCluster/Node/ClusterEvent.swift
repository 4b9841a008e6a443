/// What a node tells while it runs.
public enum ClusterEvent: Sendable {
    /// The node is the planner, or is it no more.
    case planning(term: Int64?)
    /// The node has begun, or resumed, a shard of a job.
    case began(job: String, shard: String, term: Int64)
    /// It is not at that shard any more, for whatever reason.
    case ended(job: String, shard: String, term: Int64)
    /// Something failed that is tried again: what, and why.
    case trouble(String, StoreError)
}

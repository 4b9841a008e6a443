/// Does jobs of one kind.
///
/// A shard may be begun more than once: when its node dies or is cut off, another node goes on from the last
/// checkpoint, and repeats what came after that. So whatever a runner does is safe when it is done again.
public protocol JobRunner: Sendable {
    /// The kind that jobs name it by.
    var kind: String { get }

    /// Splits a job into shards, which nodes do side by side.
    func shards(_ arguments: [String: String]) async throws(StoreError) -> [String]

    /// Does one shard, or the rest of it.
    ///
    /// The task is cancelled when the claim is lost or runs out, and when the node stops.
    /// - Returns: what it came to, by name.
    /// - Throws: an error that may be retried leads to another attempt, up to five in all; any other ends the shard as
    ///   failed.
    func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64]
}

/// A shard that this node has claimed, as its runner sees it.
public final class JobShard: Sendable {
    /// The job's id.
    public let job: String
    /// What the runner needs to know.
    public let arguments: [String: String]
    /// The shard's name.
    public let name: String
    /// The fencing number of this claim, which what the runner writes carries.
    public let term: Int64
    /// Where a former holder left off; nil for the beginning.
    public let checkpoint: String?
    private let claim: JobClaim

    init(_ record: JobRecord, shard: JobRecord.Shard, claim: JobClaim) {
        job = record.id
        arguments = record.arguments
        name = shard.name
        term = shard.term
        checkpoint = shard.checkpoint
        self.claim = claim
    }

    /// Whether the claim still holds, as far as this process can know without asking.
    public var isHeld: Bool { claim.isStanding }

    /// Looks, before an act that others would notice, whether the claim still holds.
    /// - Throws: `unavailable` when it has run out.
    public func check() throws(StoreError) {
        if !isHeld { throw claim.expiry }
    }

    /// Notes how far the shard has come. It is written with the next sign of life, within five seconds.
    /// - Parameter checkpoint: up to where all is done: the last key or part; nil to leave it as it is.
    public func note(_ progress: JobRecord.Progress, checkpoint: String? = nil) {
        claim.note(progress, checkpoint)
    }

    /// Notes what a person should know of what was found; the first one counts. It is written as progress is.
    public func remark(_ text: String) { claim.remark(String(text.prefix(500))) }
}

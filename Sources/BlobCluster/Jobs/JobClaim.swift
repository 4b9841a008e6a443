internal import Synchronization

/// This node's claim to one shard: what it writes is refused as soon as another has claimed the shard, or the job has
/// ended.
final class JobClaim: TimedClaim {
    let clock: NodeClock
    private static let maximumTries = 64
    private let storage: any Storage
    private let key: Key
    private let index: Int
    private let term: Int64
    private let process: String
    private let timing: ClusterTiming
    private let firstCheckpoint: String?
    private let state: Mutex<State>

    private struct State: Sendable {
        var stored: Stored<JobRecord>
        var deadline: Duration
        var checkpoint: String?
        var progress: JobRecord.Progress
        var remark: String?
        var isSettled = false
    }

    private init(_ place: JobPlace, key: Key, shard index: Int, stored: Stored<JobRecord>, sent: Duration) {
        let shard = stored.body.shards[index]
        storage = place.storage
        clock = place.clock
        process = place.process
        timing = place.timing
        self.key = key
        self.index = index
        term = shard.term
        state = Mutex(
            State(
                stored: stored, deadline: sent + place.timing.claimLength, checkpoint: shard.checkpoint,
                progress: shard.progress, remark: shard.remark))
        firstCheckpoint = shard.checkpoint
    }

    /// Claims a shard that waits, or whose holder is silent; one that too many holders died at ends as failed.
    /// - Returns: the claim and the shard; nil when another was faster, or it has failed.
    static func claim(
        _ index: Int, of found: Stored<JobRecord>, at key: Key, for place: JobPlace
    ) async throws(StoreError) -> (claim: JobClaim, shard: JobShard)? {
        var next = found.body
        guard next.outcome == nil, next.shards.indices.contains(index), !next.shards[index].hasEnded else { return nil }
        if found.body.shards[index].state == .claimed {
            next.shards[index].deaths = (next.shards[index].deaths ?? 0) + 1
            if next.failIfDeadly(index, at: place.clock.date()) {
                do throws(StoreError) { _ = try await place.storage.replace(key, found, with: next) } catch
                    where error.code == .preconditionFailed
                {}
                return nil
            }
        }
        next.shards[index].state = .claimed
        next.shards[index].term &+= 1
        next.shards[index].node = place.node.text
        next.shards[index].process = place.process
        next.shards[index].beats = 0
        let sent = place.clock.now()
        do throws(StoreError) {
            let stored = try await place.storage.replace(key, found, with: next)
            let claim = JobClaim(place, key: key, shard: index, stored: stored, sent: sent)
            return (claim, JobShard(next, shard: next.shards[index], claim: claim))
        } catch  where error.code == .preconditionFailed { return nil }
    }

    /// How often the shard has failed so far.
    var attempts: Int { state.withLock { $0.stored.body.shards[index].attempts } }

    var deadline: Duration { state.withLock(\.deadline) }
    var renewalPause: Duration { timing.progress }

    var expiry: StoreError {
        StoreError(.unavailable, "the claim to a shard of \(key) ran out, and another node may be doing it")
    }

    /// Notes how far the shard has come, for the next sign of life.
    func note(_ progress: JobRecord.Progress, _ checkpoint: String?) {
        state.withLock { state in
            state.progress = progress
            state.checkpoint = checkpoint ?? state.checkpoint
        }
    }

    /// Notes what a person should know; the first remark counts.
    func remark(_ text: String) {
        state.withLock { $0.remark = $0.remark ?? text }
    }

    /// Writes down how far the shard has come, which is its sign of life.
    func renew() async throws(StoreError) {
        try await write { $0.beats &+= 1 }
    }

    /// Ends the shard: exactly one holder ever does.
    func finish(_ result: [String: Int64]) async throws(StoreError) {
        try await settle { shard in
            shard.state = .done
            shard.result = result
            shard.message = nil
        }
    }

    /// Notes a failure: the shard waits for another attempt, or has failed for good.
    func fail(_ error: StoreError) async throws(StoreError) {
        try await settle { shard in
            shard.attempts += 1
            shard.message = error.message
            let isLast = !error.isRetryable || shard.attempts >= JobRecord.maximumAttempts
            shard.state = isLast ? .failed : .waiting
        }
    }

    /// Gives an unfinished shard back, so that another node can go on with it at once.
    func handBack() async throws(StoreError) {
        if state.withLock(\.isSettled) { return }
        try await settle { $0.state = .waiting }
    }

    private func settle(_ change: (inout JobRecord.Shard) -> Void) async throws(StoreError) {
        try await write(settles: true) { shard in
            change(&shard)
            shard.beats &+= 1
        }
    }

    /// Changes the shard while the record says that this claim has it.
    /// - Throws: `preconditionFailed` when it has not any more.
    private func write(
        settles: Bool = false, _ change: (inout JobRecord.Shard) -> Void
    ) async throws(StoreError) {
        var stored = state.withLock(\.stored)
        for _ in 0..<Self.maximumTries {
            if settles && (state.withLock(\.isSettled) || isSettledByMe(stored.body)) { return }
            guard isMine(stored.body) else { throw loss }
            let next = changed(stored.body, settles, change)
            let sent = clock.now()
            do throws(StoreError) {
                let written = try await storage.replace(key, stored, with: next)
                return state.withLock { state in
                    state.stored = written
                    state.deadline = max(state.deadline, sent + timing.claimLength)
                    state.isSettled = state.isSettled || settles
                }
            } catch  where error.code == .preconditionFailed {
                guard let found: Stored<JobRecord> = try await storage.document(key) else { throw loss }
                stored = found
            }
        }
        throw StoreError(.unavailable, "other nodes kept changing \(key); try again")
    }

    private func changed(
        _ record: JobRecord, _ settles: Bool, _ change: (inout JobRecord.Shard) -> Void
    ) -> JobRecord {
        var next = record
        state.withLock { state in
            next.shards[index].checkpoint = state.checkpoint
            next.shards[index].progress = state.progress
            next.shards[index].remark = state.remark
            if state.checkpoint != firstCheckpoint { next.shards[index].deaths = nil }
        }
        change(&next.shards[index])
        if settles { next.endIfComplete(at: clock.date()) }
        return next
    }

    /// Whether a write of its own whose answer was lost has settled the shard.
    private func isSettledByMe(_ record: JobRecord) -> Bool {
        guard record.shards.indices.contains(index) else { return false }
        let shard = record.shards[index]
        return shard.term == term && shard.process == process && shard.state != .claimed
    }

    private func isMine(_ record: JobRecord) -> Bool {
        guard record.outcome == nil, record.shards.indices.contains(index) else { return false }
        let shard = record.shards[index]
        return shard.state == .claimed && shard.term == term && shard.process == process
    }

    private var loss: StoreError {
        StoreError(.preconditionFailed, "another node has taken over a shard of \(key), or the job has ended")
    }
}

extension JobRecord {
    /// Ends a shard at which too many holders died one after another: it would take every node with it.
    /// - Returns: whether it did.
    fileprivate mutating func failIfDeadly(_ index: Int, at now: Timestamp) -> Bool {
        let deaths = shards[index].deaths ?? 0
        guard deaths >= Self.maximumDeaths else { return false }
        shards[index].state = .failed
        shards[index].message =
            "\(deaths) nodes in a row fell silent while they did it, the last one \"\(shards[index].node ?? "")\"; look "
            + "into their logs, then ask for the job again"
        endIfComplete(at: now)
        return true
    }
}

/// Where a node's jobs are, and who it is.
struct JobPlace: Sendable {
    let storage: any Storage
    let node: NodeName
    let process: String
    let timing: ClusterTiming
    let clock: NodeClock
}

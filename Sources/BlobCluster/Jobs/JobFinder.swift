internal import Synchronization

/// Looks for shards that nobody is at, and claims them for this node.
///
/// A holder is silent when its shard's record shows the same term and the same number of beats for the length of a
/// claim, from the reply that first showed them, by this node's own clock.
final class JobFinder: Sendable {
    private struct Shard: Hashable {
        let key: Key
        let index: Int
    }

    private struct Seen: Sendable {
        let term: Int64
        let beats: Int64
        let since: Duration
    }

    /// Bounded by the jobs that are there: what is gone from the listing is forgotten.
    private struct State: Sendable {
        var ended: Set<Key> = []
        var seen: [Shard: Seen] = [:]
        var isBusy = false
    }

    /// A shard that is to be done; `isAlone` if it is to be the only one of its node.
    typealias Found = (claim: JobClaim, shard: JobShard, runner: any JobRunner, isAlone: Bool)

    private let place: JobPlace
    private let runners: [String: any JobRunner]
    private let report: @Sendable (ClusterEvent) -> Void
    private let state = Mutex(State())

    init(_ place: JobPlace, _ runners: [any JobRunner], _ report: @escaping @Sendable (ClusterEvent) -> Void) {
        self.place = place
        self.runners = Dictionary(runners.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        self.report = report
    }

    /// Claims one shard.
    /// - Parameters:
    ///   - isForAbandoned: whether it must be one whose holder is silent.
    ///   - isIdle: whether this node is at no other: only then it may take one that its holders died of.
    /// - Returns: nil when there is none to do.
    /// - Cost: one listing, and one request for each job that has not ended, up to the one that is claimed.
    func next(isForAbandoned: Bool = false, isIdle: Bool = true) async throws(StoreError) -> Found? {
        try await eachOpenJob { (key) async throws(StoreError) in
            try await claim(in: key, isForAbandoned: isForAbandoned, isIdle: isIdle)
        }
    }

    /// Looks at who is at what without claiming anything, so that a holder's silence is known when there is room.
    /// - Cost: one listing, and one request for each job that has not ended.
    func watch() async throws(StoreError) {
        _ = try await eachOpenJob { (key) async throws(StoreError) in
            if let record = try await openJob(at: key)?.stored.body { _ = shards(of: record, at: key) }
            return nil
        }
    }

    /// Whether there was a job at the last look that had not ended, and that this node can do.
    var isBusy: Bool { state.withLock(\.isBusy) }

    private func eachOpenJob(_ look: (Key) async throws(StoreError) -> Found?) async throws(StoreError) -> Found? {
        let keys = try await openJobs()
        state.withLock { $0.isBusy = false }
        for key in keys {
            if Task.isCancelled { return nil }
            do throws(StoreError) {
                if let found = try await look(key) { return found }
            } catch {
                // One job that cannot be read holds up no other.
                if error.code == .cancelled { throw error }
                report(.trouble("look for jobs", error))
            }
        }
        return nil
    }

    private func openJobs() async throws(StoreError) -> [Key] {
        var keys: [Key] = []
        for try await page in place.storage.list(ListRequest(JobRecord.folder)) {
            for case .key(let key, _) in page where key.isRecord { keys.append(key) }
        }
        let present = Set(keys)
        return state.withLock { state in
            state.ended.formIntersection(present)
            state.seen = state.seen.filter { present.contains($0.key.key) && !state.ended.contains($0.key.key) }
            return keys.filter { !state.ended.contains($0) }
        }
    }

    private func claim(in key: Key, isForAbandoned: Bool, isIdle: Bool) async throws(StoreError) -> Found? {
        guard let (stored, runner) = try await openJob(at: key) else { return nil }
        let look = shards(of: stored.body, at: key)
        let free = (isForAbandoned ? look.abandoned : look.free).filter {
            isIdle || !stored.body.shards[$0].isSuspect
        }
        guard look.claimed < JobRecord.maximumClaims, !free.isEmpty else { return nil }
        if try await isSuperseded(stored, at: key) { return nil }
        let choice = free[min(free.count - 1, Int(place.clock.chance() * Double(free.count)))]
        guard let claim = try await JobClaim.claim(choice, of: stored, at: key, for: place) else { return nil }
        return (claim.claim, claim.shard, runner, stored.body.shards[choice].isSuspect)
    }

    /// A job that has not ended and that this node can do.
    private func openJob(at key: Key) async throws(StoreError) -> (stored: Stored<JobRecord>, runner: any JobRunner)? {
        guard let stored: Stored<JobRecord> = try await place.storage.document(key) else { return nil }
        if stored.body.outcome != nil {
            state.withLock { _ = $0.ended.insert(key) }
            return nil
        }
        guard let runner = runners[stored.body.kind] else { return nil }
        state.withLock { $0.isBusy = true }
        return (stored, runner)
    }

    /// What a look at a job showed.
    private struct Look {
        /// Shards whose holders are silent.
        var abandoned: [Int] = []
        /// Those that were begun, and that nobody is at.
        var begun: [Int] = []
        var new: [Int] = []
        /// How many somebody is at.
        var claimed = 0

        /// What there is to do: what was begun comes first.
        var free: [Int] { abandoned.isEmpty && begun.isEmpty ? new : abandoned + begun }
    }

    private func shards(of record: JobRecord, at key: Key) -> Look {
        let now = place.clock.now()
        var look = Look()
        for (index, shard) in record.shards.enumerated() {
            switch shard.state {
            case .done, .failed: break
            case .waiting where shard.term == 0: look.new.append(index)
            case .waiting: look.begun.append(index)
            case .claimed where isSilent(shard, name: Shard(key: key, index: index), at: now):
                look.abandoned.append(index)
            case .claimed: look.claimed += 1
            }
        }
        return look
    }

    private func isSilent(_ shard: JobRecord.Shard, name: Shard, at now: Duration) -> Bool {
        state.withLock { state in
            if let seen = state.seen[name], seen.term == shard.term, seen.beats == shard.beats {
                return now - seen.since >= NodeClock.patience(place.timing.claimLength)
            }
            state.seen[name] = Seen(term: shard.term, beats: shard.beats, since: now)
            return false
        }
    }

    /// Ends a job of a schedule that has a later one by now: a planner that was paused has made it anew, after it had
    /// ended and was forgotten. The plan is read after the job, and never goes back.
    private func isSuperseded(_ stored: Stored<JobRecord>, at key: Key) async throws(StoreError) -> Bool {
        guard let schedule = stored.body.schedule, let occasion = stored.body.occasion else { return false }
        let plan: Stored<PlanRecord>? = try await place.storage.document(PlanRecord.key)
        guard let latest = plan?.body.schedules[schedule], latest.occasion > occasion else { return false }
        var next = stored.body
        next.end(.superseded, at: place.clock.date())
        do throws(StoreError) { _ = try await place.storage.replace(key, stored, with: next) } catch
            where error.code
            == .preconditionFailed
        {}
        return true
    }
}

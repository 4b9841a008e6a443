/// Does the jobs that this node can get, a few shards at a time.
struct JobWorker: Sendable {
    private enum End: Sendable {
        case look
        case shard
    }

    private let place: JobPlace
    private let finder: JobFinder
    private let places: Int
    private let tracker: WorkTracker
    private let report: @Sendable (ClusterEvent) -> Void

    init(
        _ place: JobPlace, _ runners: [any JobRunner], places: Int, tracker: WorkTracker,
        _ report: @escaping @Sendable (ClusterEvent) -> Void
    ) {
        self.place = place
        self.places = places
        self.tracker = tracker
        self.report = report
        finder = JobFinder(place, runners, report)
    }

    /// Works until the task is cancelled; what is not finished then is handed back.
    func run() async {
        await withTaskGroup(of: End.self) { group in
            var (running, isAlone) = (0, false)
            group.addTask { .look }
            while let end = await group.next() {
                if end == .shard { running -= 1 }
                if running == 0 { isAlone = false }
                if Task.isCancelled { continue }
                while running < places || end == .look,
                    let found = await find(running: isAlone ? places + 1 : running)
                {
                    running += 1
                    isAlone = found.isAlone
                    group.addTask {
                        await tracker.during { await work(found) }
                        return .shard
                    }
                }
                if end == .look { group.addTask { await untilNextLook() } }
            }
        }
    }

    private func untilNextLook() async -> End {
        let pause = finder.isBusy ? place.timing.busyLook : place.timing.jobLook
        try? await place.clock.pause(about: pause, for: "jobs")
        return .look
    }

    /// What there is to do for a node that is at so many shards. One without room still takes over for a dead node, for
    /// which it has one place more: what was begun does not wait.
    private func find(running: Int) async -> JobFinder.Found? {
        do throws(StoreError) {
            if running < places { return try await finder.next(isIdle: running == 0) }
            if running == places { return try await finder.next(isForAbandoned: true, isIdle: false) }
            try await finder.watch()
        } catch { report(.trouble("look for jobs", error)) }
        return nil
    }

    private func work(_ found: JobFinder.Found) async {
        let (claim, shard, runner, _) = found
        report(.began(job: shard.job, shard: shard.name, term: shard.term))
        let result = await claim.keep { () async throws(StoreError) in
            try await run(shard, claim: claim, runner: runner)
        }
        if case .failure(let error) = result { report(.trouble("do a shard of job \(shard.job)", error)) }
        // Does nothing where the shard has ended; where it fails, the claim runs out by itself.
        try? await uncancelled { () async throws(StoreError) in try await claim.handBack() }
        report(.ended(job: shard.job, shard: shard.name, term: shard.term))
    }

    private func run(
        _ shard: JobShard, claim: JobClaim, runner: any JobRunner
    ) async throws(StoreError) {
        let result: [String: Int64]
        do throws(StoreError) { result = try await runner.run(shard) } catch {
            if Task.isCancelled { throw error }
            // The next attempt, by whichever node, does not follow at once.
            if error.isRetryable {
                try await place.clock.pause(
                    about: place.timing.jobLook * (1 << min(claim.attempts, 6)), for: "another attempt")
            }
            return try await insist(claim) { () async throws(StoreError) in try await claim.fail(error) }
        }
        try await insist(claim) { () async throws(StoreError) in try await claim.finish(result) }
    }

    /// Writes down how a shard ended, again and again while the claim holds and also when the node stops: else another
    /// node would do it all again.
    private func insist(
        _ claim: JobClaim, _ write: @escaping @Sendable () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let clock = place.clock
        try await uncancelled { () async throws(StoreError) in
            while true {
                do throws(StoreError) { return try await write() } catch {
                    if !error.isRetryable && error.code != .outcomeUnknown || !claim.isStanding { throw error }
                }
                try await clock.pause(about: .seconds(1), for: "the storage")
            }
        }
    }
}

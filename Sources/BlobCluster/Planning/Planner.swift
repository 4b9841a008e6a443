internal import Synchronization

/// Makes the jobs of schedules when they are due. It plans only; every node does jobs.
///
/// The lease makes sure that usually one node plans. What makes planning safe is the plan: each step begins with a
/// compare-and-swap of it, and each job's record is created under an id that the plan gave out once.
struct Planner: Sendable {
    private let storage: any Storage
    private let runners: [String: any JobRunner]
    private let clock: NodeClock
    private let report: @Sendable (ClusterEvent) -> Void

    init(
        _ storage: any Storage, runners: [any JobRunner], clock: NodeClock,
        report: @escaping @Sendable (ClusterEvent) -> Void
    ) {
        self.storage = storage
        self.runners = Dictionary(runners.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        self.clock = clock
        self.report = report
    }

    /// What a planner knows from its earlier rounds.
    struct Memory: Sendable {
        var plan: Stored<PlanRecord>?
        /// Jobs of which a record was seen or written.
        var made: Set<String> = []
        /// What the feeds' rules ask for, and when they were looked up.
        var rules: [Schedule] = []
        var rulesReadAt: Duration?

        /// Forgets what another planner may have changed.
        mutating func forgetPlan() {
            plan = nil
            made = []
        }
    }

    /// Makes what is due.
    /// - Cost: nothing while nothing is due; one request in the first round.
    func round(
        _ schedules: [Schedule], under lease: Lease, _ memory: inout Memory
    ) async throws(StoreError) {
        if memory.plan == nil { memory.plan = try await open(lease) }
        for schedule in schedules {
            try lease.check()
            do throws(StoreError) { try await plan(schedule, under: lease, memory: &memory) } catch {
                if error.code == .preconditionFailed {
                    // Another planner was here: read what it planned.
                    memory.forgetPlan()
                    throw StoreError(.unavailable, "another node is planning, too; try again")
                }
                if error.code == .cancelled || error.isRetryable { throw error }
                report(.trouble("plan \"\(schedule.name)\"", error))
            }
        }
    }

    private func open(_ lease: Lease) async throws(StoreError) -> Stored<PlanRecord>? {
        if let stored: Stored<PlanRecord> = try await storage.document(PlanRecord.key) { return stored }
        do throws(StoreError) {
            return try await storage.create(PlanRecord.key, PlanRecord(term: lease.term, schedules: [:]))
        } catch  where error.code == .preconditionFailed { return try await storage.document(PlanRecord.key) }
    }

    private func plan(_ schedule: Schedule, under lease: Lease, memory: inout Memory) async throws(StoreError) {
        guard let runner = runners[schedule.kind], let plan = memory.plan else { return }
        if let latest = plan.body.schedules[schedule.name] {
            if !memory.made.contains(latest.job) {
                // The planner before this one may have stopped between the plan and the job.
                try await make(latest, of: schedule, runner, lease)
                memory.made.insert(latest.job)
            }
            guard isDue(schedule, latest), try await hasEnded(latest.job) else { return }
        }
        let occasion = (plan.body.schedules[schedule.name]?.occasion ?? 0) &+ 1
        let entry = PlanRecord.Entry(occasion: occasion, job: "\(schedule.name)-\(occasion)", at: clock.date())
        var next = plan.body
        next.term = lease.term
        next.schedules[schedule.name] = entry
        memory.plan = try await storage.replace(PlanRecord.key, plan, with: next)
        try await make(entry, of: schedule, runner, lease)
        memory.made = memory.made.filter { job in next.schedules.values.contains { $0.job == job } }
        memory.made.insert(entry.job)
    }

    /// Also where the clock of the one who planned it was ahead of this one's.
    private func isDue(_ schedule: Schedule, _ latest: PlanRecord.Entry) -> Bool {
        let (passed, overflows) = clock.date().seconds.subtractingReportingOverflow(latest.at.seconds)
        return overflows || .seconds(abs(max(passed, -.max))) >= schedule.interval
    }

    private func hasEnded(_ job: String) async throws(StoreError) -> Bool {
        let stored: Stored<JobRecord>? = try await storage.document(JobRecord.key(job))
        return stored.map { $0.body.outcome != nil } ?? true
    }

    private func make(
        _ entry: PlanRecord.Entry, of schedule: Schedule, _ runner: any JobRunner, _ lease: Lease
    ) async throws(StoreError) {
        let record = JobRecord(
            id: entry.job, kind: schedule.kind, arguments: schedule.arguments, schedule: schedule.name,
            occasion: entry.occasion, by: schedule.name, term: lease.term, created: clock.date(),
            shards: try await JobBoard.shards(of: runner, schedule.arguments))
        do throws(StoreError) { _ = try await storage.create(JobRecord.key(entry.job), record) } catch
            where error.code
            == .preconditionFailed
        {}
    }
}

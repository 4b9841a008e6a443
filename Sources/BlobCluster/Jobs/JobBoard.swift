internal import BlobCrypto

/// The jobs of a store: asks for one, looks at them, calls one off.
public struct JobBoard: Sendable {
    /// More jobs are not kept at a time, whether they have ended or not.
    public static let maximumJobs = 1_000
    /// So many that have ended are kept before their time is over.
    public static let maximumEnded = 100
    /// One that has ended is kept at least for that long, however many there are.
    private static let shortestRetention = Duration.seconds(3_600)

    private let storage: any Storage
    private let timing: ClusterTiming
    private let clock: NodeClock

    /// The jobs in that server root's storage.
    public init(_ storage: any Storage, timing: ClusterTiming = ClusterTiming(), clock: NodeClock = .ofMachine) {
        self.storage = storage
        self.timing = timing
        self.clock = clock
    }

    /// The jobs of that store.
    public init(of store: PackageStore, timing: ClusterTiming = ClusterTiming()) {
        self.init(store.server.storage, timing: timing)
    }

    /// Asks for a job, which any node may then do.
    /// - Throws: `outOfSpace` when there are ``maximumJobs`` already; `invalidArgument` when it has too many shards;
    ///   what splitting it throws.
    /// - Cost: one listing, one request, and what splitting it into shards costs.
    public func submit(
        _ runner: any JobRunner, _ arguments: [String: String] = [:], by user: String
    ) async throws(StoreError) -> JobRecord {
        if try await keys().count >= Self.maximumJobs {
            throw StoreError(.outOfSpace, "there are \(Self.maximumJobs) jobs already; wait until some have ended")
        }
        // The time is in front so that older jobs come first in a listing; what names the job is the rest.
        let time = Hex.text(max(0, clock.date().seconds), count: 10)
        let id = "\(time)-\(Hex.text(randomBytes(8)))"
        let record = JobRecord(
            id: id, kind: runner.kind, arguments: arguments, by: user, created: clock.date(),
            shards: try await Self.shards(of: runner, arguments))
        return try await storage.create(JobRecord.key(id), record).body
    }

    static func shards(
        of runner: any JobRunner, _ arguments: [String: String]
    ) async throws(StoreError) -> [String] {
        let shards = try await runner.shards(arguments)
        if shards.count <= JobRecord.maximumShards { return shards }
        throw StoreError(
            .invalidArgument,
            "a job of kind \"\(runner.kind)\" has \(shards.count) shards, and \(JobRecord.maximumShards) are possible")
    }

    private func keys() async throws(StoreError) -> [Key] {
        var keys: [Key] = []
        for try await page in storage.list(ListRequest(JobRecord.folder)) {
            for case .key(let key, _) in page where key.isRecord { keys.append(key) }
        }
        return keys
    }

    /// A job; nil where there is none, or none any more.
    public func job(_ id: String) async throws(StoreError) -> JobRecord? {
        let stored: Stored<JobRecord>? = try await storage.document(JobRecord.key(id))
        return stored?.body
    }

    /// All jobs, in the order of their ids.
    /// - Throws: `corrupt` where one cannot be read.
    /// - Cost: one listing, and one request a job.
    public func jobs() async throws(StoreError) -> [JobRecord] {
        var records: [JobRecord] = []
        for key in try await keys() {
            if let stored: Stored<JobRecord> = try await storage.document(key) { records.append(stored.body) }
        }
        return records
    }

    /// Calls a job off. Nodes that are at it stop within ``ClusterTiming/progress``.
    /// - Returns: the job; one that has ended already stays as it is.
    /// - Throws: `notFound`.
    public func cancel(_ id: String) async throws(StoreError) -> JobRecord {
        let now = clock.date()
        return try await storage.update(JobRecord.key(id)) { (record: JobRecord) -> JobRecord? in
            if record.outcome != nil { return nil }
            var next = record
            next.end(.cancelled, at: now)
            return next
        }.body
    }

    /// Removes jobs that ended more than ``ClusterTiming/retention`` ago, by the clocks of machines, and the oldest
    /// beyond ``maximumEnded``. The latest job of each schedule stays, so that nobody makes it anew.
    /// - Returns: how many.
    /// - Cost: one listing; one request a job that is old enough, and one that removes it.
    public func removeForgotten() async throws(StoreError) -> Int64 {
        var old: [(key: Key, age: Duration)] = []
        for try await page in storage.list(ListRequest(JobRecord.folder, wantsDetails: true)) {
            for case .key(let key, let info?) in page where key.isRecord && info.age > Self.shortestRetention {
                old.append((key, info.age))
            }
        }
        let plan: Stored<PlanRecord>? = try await storage.document(PlanRecord.key)
        let latest = Set(plan?.body.schedules.values.map(\.job) ?? [])
        let limit = clock.date().seconds - timing.retention.components.seconds
        var (kept, removed): (Int, Int64) = (0, 0)
        for (key, _) in old.sorted(by: { $0.age < $1.age }) {
            guard let stored: Stored<JobRecord> = try await storage.document(key), stored.body.outcome != nil,
                !latest.contains(stored.body.id)
            else { continue }
            kept += 1
            // A listing tells how old a record is, and on a filesystem not when it was changed last.
            let isOver = (stored.body.ended?.seconds ?? .max) < limit
            guard kept > Self.maximumEnded || isOver else { continue }
            try await storage.removeRecord(key)
            removed += 1
        }
        return removed
    }
}

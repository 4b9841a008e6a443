internal import BlobCluster
internal import BlobTerminal

/// Asks for a job a feed, and waits for them where that is wanted.
struct JobRequest: Sendable {
    private let store: PackageStore
    private let feeds: [FeedName]
    private let waits: Bool
    private let session: Session
    private let board: JobBoard

    /// - Parameter feeds: none for all.
    init(_ store: PackageStore, _ feeds: [FeedName], waits: Bool, _ session: Session) {
        self.store = store
        self.feeds = feeds
        self.waits = waits
        self.session = session
        board = JobBoard(of: store)
    }

    /// - Parameter arguments: what the runner needs to know for a feed.
    func run(_ runner: any JobRunner, _ arguments: (FeedName) -> [String: String]) async throws -> ExitStatus {
        let names = feeds.isEmpty ? try await store.feeds().flattened() : feeds
        // A feed that is misspelt is told before anything is begun.
        for name in names { _ = try await store.feed(name) }
        var jobs: [JobRecord] = []
        for name in names { jobs.append(try await board.submit(runner, arguments(name), by: Account.name)) }
        if jobs.isEmpty { session.console.say("there are no feeds") }
        if try await !ClusterStatus.read(store).hasLiveNodes {
            session.console.say("note: no node gave a sign of life in the last 30 s; a job waits until one runs")
        }
        guard waits else {
            for job in jobs {
                session.console.emit(
                    job.line, text: "\(job.id)\tfeed \(job.feed ?? "")\t\(counted(Int64(job.shards.count), "part"))")
            }
            return .done
        }
        return try await wait(for: jobs)
    }

    private func wait(for jobs: [JobRecord]) async throws -> ExitStatus {
        let meter = Meter("waiting", unit: "parts")
        let ended = try await session.console.showing(meter, isShown: session.showsProgress) {
            try await ends(of: jobs, meter)
        }
        for job in ended { session.console.emit(job.line, text: job.text) }
        let statuses = ended.map(\.exitStatus)
        return statuses.contains(.failed) ? .failed : statuses.contains(.notGood) ? .notGood : .done
    }

    /// Looks every two seconds, until each job has ended.
    private func ends(of jobs: [JobRecord], _ meter: Meter) async throws(StoreError) -> [JobRecord] {
        var latest = jobs
        while true {
            let parts = latest.reduce(0) { $0 + $1.shards.count }
            let done = latest.reduce(0) { $0 + $1.shardsEnded }
            meter.show(WorkProgress("waiting for the nodes", items: Int64(done), itemsTotal: Int64(parts)))
            if latest.allSatisfy({ $0.outcome != nil }) { return latest }
            do { try await Task.sleep(for: .seconds(2)) } catch {
                throw StoreError(.cancelled, "cancelled while waiting; the nodes go on with the job")
            }
            for (index, job) in latest.enumerated() where job.outcome == nil {
                guard let next = try await board.job(job.id) else {
                    throw StoreError(.notFound, "the job \(job.id) was removed")
                }
                latest[index] = next
            }
        }
    }
}

internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct ClusterJobsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Lists the jobs of server nodes with their progress, or shows one part by part.",
        discussion: """
            For one job, exits 1 if it found damage, and 2 if it failed or could not look at everything.

            Examples:
              blobtool cluster jobs
              blobtool cluster jobs --open
              blobtool cluster jobs check-npm-12
            """)

    @Argument(help: "The job's id. Without it: all jobs.") var id: String?
    @Flag(help: "List only jobs that have not ended.") var open = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let board = JobBoard(of: store)
            guard let id else {
                list(try await board.jobs().filter { !open || $0.outcome == nil }, session.console)
                return .done
            }
            guard let job = try await board.job(id) else {
                throw StoreError(.notFound, "there is no job \"\(id)\"; \"blobtool cluster jobs\" lists those that are")
            }
            show(job, session.console)
            return job.exitStatus
        }
    }

    private func list(_ jobs: [JobRecord], _ console: Console) {
        var table = Table([
            ("JOB", .left), ("KIND", .left), ("FEED", .left), ("STATE", .left), ("DONE", .right), ("NODES", .left),
            ("CREATED", .left),
        ])
        for job in jobs {
            console.emit(job.line, text: nil, flush: false)
            table.add([
                job.id, job.kind, job.feed ?? "", job.condition.rawValue, "\(job.percent)%",
                job.nodes.joined(separator: ", "), job.created.description,
            ])
        }
        if jobs.isEmpty {
            console.say(open ? "there are no open jobs" : "there are no jobs yet")
        } else if console.format == .text {
            console.emit(JSONLine("jobs"), text: table.lines.joined(separator: "\n"))
        }
    }

    private func show(_ job: JobRecord, _ console: Console) {
        console.emit(job.line, text: job.text)
        var table = Table([("PART", .left), ("STATE", .left), ("DONE", .right), ("NODE", .left), ("", .left)])
        for shard in job.shards {
            console.emit(shard.line(of: job.id), text: nil, flush: false)
            let total = shard.progress.total.map { " of \(grouped($0))" } ?? ""
            table.add([
                shard.name, shard.state.rawValue, grouped(shard.progress.done) + total, shard.node ?? "",
                shard.note ?? "",
            ])
        }
        if console.format == .text && !job.shards.isEmpty {
            console.emit(JSONLine("shards"), text: table.lines.joined(separator: "\n"))
        }
    }
}

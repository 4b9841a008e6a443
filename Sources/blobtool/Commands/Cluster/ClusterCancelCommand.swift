internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct ClusterCancelCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a job; nodes that are at it stop within seconds.",
        discussion: """
            Examples:
              blobtool cluster cancel check-npm-12
            """)

    @Argument(help: "The job's id.") var id: String
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let job = try await JobBoard(of: store).cancel(id)
            session.console.emit(job.line, text: job.text)
        }
        return .done
    }
}

internal import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Shows server nodes and their jobs, and asks for jobs.",
        discussion: """
            Examples:
              blobtool cluster status
              blobtool cluster run check npm --content all --wait
            """,
        subcommands: [
            ClusterStatusCommand.self, ClusterJobsCommand.self, ClusterRunCommand.self, ClusterCancelCommand.self,
            ClusterRemoveCommand.self,
        ])
}

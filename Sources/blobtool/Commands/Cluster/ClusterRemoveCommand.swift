internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct ClusterRemoveCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes a node that will not come back from the list of nodes.",
        discussion: """
            A node that did not leave in an orderly way is watched for 30 seconds first, and refused if it gives a sign \
            of life.

            Examples:
              blobtool cluster remove web-3
            """)

    @Argument(help: "The node.") var node: String
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let name = try NodeName(node)
        try await session.withStore(root) { store in
            try await NodeRegistry(of: store).removeOnceSilent(name) { time in
                session.console.say("watches node \(name) for \(time.written)")
            }
            session.console.emit(JSONLine("removed", ["node": .string(name.text)]), text: "removed node \(name)")
        }
        return .done
    }
}

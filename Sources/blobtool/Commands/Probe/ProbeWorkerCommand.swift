internal import ArgumentParser
internal import BlobStore
internal import BlobSystem
internal import BlobTerminal

/// One of the processes that `probe` starts.
struct ProbeWorkerCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe-worker", abstract: "Takes part in a probe; started by it.", shouldDisplay: false)

    @Argument var place: String
    @Option var name: String
    @Option var count: Int
    @Option var parent: Int32
    @OptionGroup var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        endWithParent(parent)
        let participant = ProbeParticipant(place: try Read.root(place), name: name, count: count)
        try await participant.takePart(with: Session.opener(isForOneWriter: true))
        return .done
    }
}

internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct KeyRevokeCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Makes an API key invalid, on every node within ten seconds.",
        discussion: """
            Examples:
              blobtool key revoke 0123456789abcdef
            """)

    @Argument(help: "The key's id: the first 16 digits behind bs_, as \"blobtool key list\" shows it.") var id: String
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            try await APIKeys(of: store).revoke(id)
            session.console.emit(JSONLine("revoked", ["id": .string(id)]), text: "revoked \(id)")
        }
        return .done
    }
}

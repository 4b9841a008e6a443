internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct KeyRotateSecretCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-secret",
        abstract: "Makes a new secret for the server nodes to sign with.",
        discussion: """
            The nodes use it once every live one knows it, within a minute. What was signed with former secrets stays \
            valid until "blobtool key forget-secrets". API keys do not change.

            Examples:
              blobtool key rotate-secret
            """)

    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let id = try await SecretRing.open(of: store).add(by: store.node)
            session.console.emit(
                JSONLine("secret", ["id": .string(id)]),
                text: "added secret \(id); the nodes use it once every live one knows it, within a minute")
        }
        return .done
    }
}

struct KeyForgetSecretsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget-secrets",
        abstract: "Removes the former secrets of the server nodes: what was signed with them is not valid any more.",
        discussion: """
            Examples:
              blobtool key forget-secrets
            """)

    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let count = Int64(try await SecretRing.open(of: store).removeFormer())
            session.console.emit(
                JSONLine("forgotten", ["secrets": .integer(count)]),
                text: "removed \(counted(count, "former secret"))")
        }
        return .done
    }
}

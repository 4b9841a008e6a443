internal import ArgumentParser

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Creates, lists and revokes API keys, which server nodes ask for; rotates the nodes' secret.",
        discussion: """
            Examples:
              blobtool key create --feed npm --scope publish --name ci
              blobtool key list
            """,
        subcommands: [
            KeyCreateCommand.self, KeyListCommand.self, KeyRevokeCommand.self, KeyRotateSecretCommand.self,
            KeyForgetSecretsCommand.self,
        ])
}

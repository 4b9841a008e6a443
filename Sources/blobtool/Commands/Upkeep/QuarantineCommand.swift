internal import ArgumentParser

struct QuarantineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Lists damaged content that \"repair\" put aside, and removes what nothing needs.",
        discussion: """
            Examples:
              blobtool quarantine list npm
              blobtool quarantine purge npm --older 30d --dry-run
            """,
        subcommands: [QuarantineListCommand.self, QuarantinePurgeCommand.self])
}

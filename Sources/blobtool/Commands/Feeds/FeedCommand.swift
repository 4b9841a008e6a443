internal import ArgumentParser

struct FeedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed",
        abstract: "Creates, shows, changes and deletes feeds.",
        discussion: """
            Examples:
              blobtool feed create npm
              blobtool feed list
            """,
        subcommands: [
            FeedCreateCommand.self, FeedListCommand.self, FeedShowCommand.self, FeedSetCommand.self,
            FeedDeleteCommand.self,
        ])
}

internal import ArgumentParser
internal import BlobTerminal

/// A command that does something: its options, and a function that hands over to the layers below.
protocol ToolCommand: AsyncParsableCommand, Sendable {
    var output: OutputOptions { get }

    /// What it was told to write to; paths, or `-` for standard output.
    var destinations: [Destination] { get }

    /// - Returns: what the exit code says. What could not be done at all is thrown.
    func run(in session: Session) async throws -> ExitStatus
}

extension ToolCommand {
    var destinations: [Destination] { [] }
}

/// A file that a command was told to write.
struct Destination: Sendable {
    let option: String
    let path: String

    /// Nil where the option was not given.
    init?(_ option: String, _ path: String?) {
        guard let path else { return nil }
        self.option = option
        self.path = path
    }

    var isStandardOutput: Bool { path == "-" }
}

/// What a running command has at hand.
struct Session: Sendable {
    let console: Console
    let interruption: Interruption

    /// Whether progress is to be shown.
    let showsProgress: Bool
}

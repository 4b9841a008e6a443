internal import ArgumentParser
internal import BlobTerminal

/// A command that does something: its options, and a function that hands over to the layers below.
protocol ToolCommand: ParsableCommand, Sendable {
    var output: OutputOptions { get }

    /// - Returns: what the exit code says. What could not be done at all is thrown.
    func run(in session: Session) async throws -> ExitStatus
}

/// What a running command has at hand.
struct Session: Sendable {
    let console: Console
    let interruption: Interruption

    /// Whether progress is to be shown.
    let showsProgress: Bool
}

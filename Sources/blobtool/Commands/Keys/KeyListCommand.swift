internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct KeyListCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the API keys; the keys themselves are stored nowhere.",
        discussion: """
            Examples:
              blobtool key list
              blobtool key list --format json
            """)

    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let records = try await APIKeys(of: store).all()
            var table = Table([("ID", .left), ("NAME", .left), ("ALLOWS", .left), ("STATE", .left)])
            for record in records {
                session.console.emit(record.line(), text: nil, flush: false)
                table.add([record.id, record.name, record.allowed, record.state])
            }
            if records.isEmpty {
                session.console.say("there are no API keys yet; create one with \"blobtool key create\"")
            } else if session.console.format == .text {
                session.console.emit(JSONLine("keys"), text: table.lines.joined(separator: "\n"))
            }
        }
        return .done
    }
}

internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedListCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the feeds of a server root.",
        discussion: """
            Examples:
              blobtool feed list
              blobtool feed list --format json
            """)

    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            var table = Table([("FEED", .left), ("POLICY", .left), ("STATE", .left), ("ROOT", .left)])
            let failures = Failures(session.console, nil)
            var count = 0
            for try await page in store.feeds() {
                for name in page {
                    do throws(StoreError) {
                        let feed = try await store.feed(name)
                        let record = try await feed.record()
                        session.console.emit(record.line(in: feed.store), text: nil, flush: false)
                        table.add([
                            name.text, record.mutable ? "mutable" : "immutable", record.state.rawValue,
                            feed.store.location(record).description,
                        ])
                        count += 1
                    } catch {
                        if error.code == .cancelled { throw error }
                        failures.add("feed \(name)", error)
                    }
                }
            }
            let text = count == 0 ? "there are no feeds yet; create one with \"blobtool feed create NAME\"" : nil
            if session.console.format == .text, count > 0 {
                session.console.emit(JSONLine("feeds"), text: table.lines.joined(separator: "\n"))
            }
            session.console.flush()
            if let text, failures.count == 0 { session.console.say(text) }
            return failures.finish(succeeded: count)
        }
    }
}

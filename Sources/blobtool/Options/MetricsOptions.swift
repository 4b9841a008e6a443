internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles

/// Where the outcome is written for a monitoring system.
struct MetricsOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Write the outcome as a Prometheus textfile to this file; - is standard output.", valueName: "file"),
        completion: .file())
    var metrics: String?

    var destinations: [Destination] { [Destination("--metrics", metrics)].compactMap { $0 } }
}

extension MetricsOptions {
    /// More than this no run has written.
    private static let maximumBytes = 1 << 24

    /// Writes the file, if one was asked for, with what the former one says of what is not good now.
    func write(_ outcome: UpkeepMetrics, _ session: Session) async throws(StoreError) {
        guard let metrics else { return }
        let former = metrics == "-" ? "" : await former(at: metrics, session.console)
        try await session.write(outcome.text(after: former), to: metrics)
    }

    private func former(at path: String, _ console: Console) async -> String {
        do throws(StoreError) {
            let bytes = try await LocalFile.contents(path, upTo: Self.maximumBytes)
            return String(decoding: bytes ?? [], as: UTF8.self)
        } catch {
            console.say("note: when an earlier run was good is not known, because \("\(error)".printable)")
            return ""
        }
    }
}

internal import ArgumentParser
internal import BlobTerminal

/// How much is done at once, and how fast.
struct WorkOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("Work on so many items at once.", valueName: "n"))
    var jobs: Int?

    @Option(
        help: ArgumentHelp("Move no more content than this in a second, e.g. 50MB or 50MiB.", valueName: "rate"),
        transform: { try ByteRate(writtenAs: $0) })
    var bwlimit: ByteRate?

    func validate() throws {
        if let jobs, !(1...1_024).contains(jobs) {
            throw ValidationError("--jobs takes a number from 1 to 1024, not \(jobs).")
        }
    }
}

internal import ArgumentParser
internal import BlobTerminal

/// How much is done at once, and how fast.
struct WorkOptions: ParsableArguments, Sendable {
    @OptionGroup var side: JobOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The most content to move per second, e.g. 50MB or 50MiB.", valueName: "rate"),
        transform: { try ByteRate(writtenAs: $0) })
    var bwlimit: ByteRate?

    var jobs: Int? { side.jobs }
}

internal import ArgumentParser
internal import BlobStore
internal import LocalFiles

/// Where the items that failed are kept, and taken up again.
struct ItemOptions: ParsableArguments, Sendable {
    @OptionGroup var kept: FailedOptions

    @Option(
        help: ArgumentHelp(
            "Process only the items listed in this file, as --failed wrote it; - is standard input. A folder (d/) means everything below it.",
            valueName: "file"),
        completion: .file())
    var only: String?

    var failed: String? { kept.failed }
}

extension ItemOptions {
    /// The items of `--only`; nil when all are wanted.
    func selection() async throws(StoreError) -> [LocalName]? {
        guard let only else { return nil }
        var seen: Set<LocalName> = []
        return try await ItemFile.read(only).filter { seen.insert($0).inserted }
    }
}

/// Where the items that failed are kept.
struct FailedOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Write the items that failed to this file, one per line; - is standard output. Unusual names are JSON strings, with \\xff for a byte that is not text.",
            valueName: "file"),
        completion: .file())
    var failed: String?

    var destinations: [Destination] { [Destination("--failed", failed)].compactMap { $0 } }
}

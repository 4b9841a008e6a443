internal import ArgumentParser

/// Where the items that failed are kept, and taken up again.
struct ItemOptions: ParsableArguments, Sendable {
    @OptionGroup var kept: FailedOptions

    @Option(
        help: ArgumentHelp(
            "Take only the items that this file lists, as --failed wrote it; a folder (d/) means all below it.",
            valueName: "file"),
        completion: .file())
    var only: String?

    var failed: String? { kept.failed }
}

/// Where the items that failed are kept.
struct FailedOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Write the items that failed to this file, one a line; odd names as JSON strings, with \\xff for a byte that is no text.",
            valueName: "file"),
        completion: .file())
    var failed: String?
}

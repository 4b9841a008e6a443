internal import ArgumentParser

/// Where the items that failed are kept, and taken up again.
struct ItemOptions: ParsableArguments, Sendable {
    @OptionGroup var kept: FailedOptions

    @Option(
        help: ArgumentHelp("Take only the items that this file lists, as --failed wrote it.", valueName: "file"),
        completion: .file())
    var only: String?

    var failed: String? { kept.failed }
}

/// Where the items that failed are kept.
struct FailedOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("Write the items that failed to this file, one a line.", valueName: "file"),
        completion: .file())
    var failed: String?
}

internal import ArgumentParser
internal import BlobStore

/// Which paths are meant, by patterns.
struct FilterOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Only paths that fit this pattern or another --include; can be repeated. Without a slash it is compared with the last segment, else with the whole path: *, ?, [a-z], and ** for any folders.",
            valueName: "pattern"),
        transform: { try PathGlob($0) })
    var include: [PathGlob] = []

    @Option(
        help: ArgumentHelp(
            "No paths that fit this pattern, even if --include fits; can be repeated.", valueName: "pattern"),
        transform: { try PathGlob($0) })
    var exclude: [PathGlob] = []

    var filter: PathFilter { PathFilter(including: include, excluding: exclude) }
}

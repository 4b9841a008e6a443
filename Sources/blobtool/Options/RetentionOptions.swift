internal import ArgumentParser
internal import BlobStore

/// How many versions stay.
struct RetentionOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Of each folder that fits the pattern, keep the newest N of what is directly in it, e.g. 'npm/*=10', or "
                + "none for all; repeatable.",
            valueName: "pattern=n"))
    var retain: [String] = []

    func validate() throws { _ = try rules }

    /// Nil where nothing is said.
    var rules: [RetentionRule]? {
        get throws {
            if retain.isEmpty { return nil }
            return try retain.filter { $0 != "none" }.map { try RetentionRule($0) }
        }
    }
}

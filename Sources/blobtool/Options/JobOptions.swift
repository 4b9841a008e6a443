internal import ArgumentParser

/// How much is done at once.
struct JobOptions: ParsableArguments, Sendable {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many items to process at once. The default suits the command.", valueName: "n")
    )
    var jobs: Int?

    func validate() throws {
        if let jobs, !(1...1_024).contains(jobs) {
            throw ValidationError("--jobs takes a number from 1 to 1024, not \(jobs).")
        }
    }
}

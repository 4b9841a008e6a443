public import ArgumentParser
public import BlobTerminal

/// What is said, and in which form.
struct OutputOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("How results are printed: text, or json with one object a line.", valueName: "form"))
    var format: Console.Format = .text

    @Flag(name: .shortAndLong, help: "Print results and errors only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more on standard error; twice for everything.")
    var verbose: Int

    @Flag(help: "Show no progress.")
    var noProgress = false

    func validate() throws {
        if quiet && verbose > 0 { throw ValidationError("--quiet and --verbose contradict each other.") }
    }

    var verbosity: Console.Verbosity {
        if quiet { return .quiet }
        return verbose == 0 ? .normal : verbose == 1 ? .verbose : .debug
    }
}

extension Console.Format: ExpressibleByArgument {}

public import ArgumentParser
public import BlobTerminal

/// What is said, and in which form.
struct OutputOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("How to print results: text, or json with one object per line.", valueName: "form"))
    var format: Console.Format = .text

    @Option(help: ArgumentHelp("When to use colours: auto, always or never.", valueName: "when"))
    var color: Colours = .auto

    @Flag(name: .shortAndLong, help: "Print only results and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print more to standard error; give it twice for everything.")
    var verbose: Int

    @Flag(help: "Do not show progress.")
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
extension Colours: ExpressibleByArgument {}

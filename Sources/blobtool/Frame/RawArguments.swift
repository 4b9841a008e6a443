/// The command line as the kernel handed it over: bytes, which need not be text.
enum RawArguments {
    /// The position of the first argument (from 1, the tool's own name left out) that is no valid UTF-8; nil where all
    /// are. Swift's own `CommandLine.arguments` has repaired them, so that two names would become one.
    static var firstThatIsNoText: Int? {
        (1..<max(1, Int(CommandLine.argc))).first { position in
            guard let argument = CommandLine.unsafeArgv[position] else { return false }
            return String(validatingCString: argument) == nil
        }
    }
}

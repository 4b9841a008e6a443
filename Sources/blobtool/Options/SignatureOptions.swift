internal import ArgumentParser
internal import FoundationEssentials

/// In whose name something is changed.
struct SignatureOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("by"),
        help: ArgumentHelp("Who does this, for the history; else the login name.", valueName: "name"))
    var name: String?

    /// The name given, else that of the login.
    var by: String {
        let environment = ProcessInfo.processInfo.environment
        for name in [name, environment["LOGNAME"], environment["USER"]].compactMap({ $0 }) where !name.isEmpty {
            return name
        }
        return "blobtool"
    }

    func validate() throws {
        if let name, name.isEmpty || name.utf8.count > 200 {
            throw ValidationError("--by takes a name of 1 to 200 bytes.")
        }
    }
}

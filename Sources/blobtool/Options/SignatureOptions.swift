internal import ArgumentParser
internal import FoundationEssentials

/// In whose name something is changed.
struct SignatureOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("by"),
        help: ArgumentHelp(
            "Who makes this change, for the history; the default is the login name.", valueName: "name"))
    var name: String?

    /// The name given, else that of the login, else that of the account.
    var by: String {
        if let name { return name }
        let environment = ProcessInfo.processInfo.environment
        return [environment["LOGNAME"], environment["USER"]].compactMap { $0 }.first(where: Self.isName) ?? Account.name
    }

    func validate() throws {
        if let name, !Self.isName(name) { throw ValidationError("--by takes a name of 1 to 200 bytes.") }
    }

    private static func isName(_ text: String) -> Bool { (1...200).contains(text.utf8.count) }
}

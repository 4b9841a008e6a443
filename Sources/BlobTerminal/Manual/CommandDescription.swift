internal import FoundationEssentials
internal import LocalFiles

/// A command, its arguments and its subcommands, as the argument parser describes them.
struct CommandDescription: Decodable {
    let commandName: String
    let superCommands: [String]?
    let shouldDisplay: Bool?
    let abstract: String?
    let discussion: String?
    let subcommands: [CommandDescription]?
    let arguments: [ArgumentDescription]?

    /// The command as it is typed, e.g. `blobtool feed create`.
    var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

    /// This command's subcommands that do something, and theirs, in their order.
    var leaves: [CommandDescription] {
        let shown = (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
        return shown.flatMap { $0.subcommands?.isEmpty == false ? $0.leaves : [$0] }
    }

    /// Reads the parser's description of the whole tool, which is JSON.
    /// - Throws: `DecodingError`.
    static func root(ofTool json: String) throws -> CommandDescription {
        struct Tool: Decodable { let command: CommandDescription }
        return try JSONDecoder().decode(Tool.self, from: Data(json.utf8)).command
    }
}

/// An argument, option or flag.
struct ArgumentDescription: Decodable {
    struct Name: Decodable {
        let kind: String
        let name: String

        /// e.g. `--jobs` or `-o`
        var written: String { kind == "long" ? "--\(name)" : "-\(name)" }
    }

    let kind: String
    let shouldDisplay: Bool?
    let sectionTitle: String?
    let isOptional: Bool?
    let isRepeating: Bool?
    let names: [Name]?
    let valueName: String?
    let defaultValue: String?
    let abstract: String?
    let discussion: String?

    var isPositional: Bool { kind == "positional" }

    /// e.g. `--jobs <n>` or `<file> ...`
    var written: String {
        let value = "<\(valueName ?? "value")>"
        guard !isPositional else { return value + (isRepeating == true ? " ..." : "") }
        let names = (names ?? []).map(\.written).sorted { $0.count < $1.count }.joined(separator: ", ")
        return kind == "option" ? "\(names) \(value)" : names
    }
}

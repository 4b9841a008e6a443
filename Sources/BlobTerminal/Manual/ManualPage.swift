/// The manual page of a tool, in roff, made from what the argument parser knows of it.
/// - Source: man(7), groff_man(7).
public struct ManualPage {
    private let tool: CommandDescription
    private let version: String
    private let volume: Volume
    private let sections: [(title: String, text: String)]

    /// Where in the manual a page belongs.
    public enum Volume: String, Sendable {
        case userCommands = "1"
        case systemAdministration = "8"

        fileprivate var title: String {
            switch self {
            case .userCommands: "User Commands"
            case .systemAdministration: "System Administration"
            }
        }
    }

    /// - Parameters:
    ///   - description: the tool as the argument parser describes it, in JSON.
    ///   - sections: what follows the commands, e.g. the exit status; an empty line ends a paragraph, and an
    ///     indented line stands as it is.
    /// - Throws: `DecodingError` when the description is of another form.
    public init(
        _ description: String, version: String, volume: Volume = .userCommands,
        sections: [(title: String, text: String)]
    ) throws {
        tool = try CommandDescription.root(ofTool: description)
        self.version = version
        self.volume = volume
        self.sections = sections
    }

    /// The page.
    public var roff: String {
        var page = Roff()
        page.macro("TH", tool.commandName.uppercased(), volume.rawValue, "", version, volume.title)
        page.macro("SH", "NAME")
        page.text("\(tool.commandName) - \(sentence(tool.abstract))")
        page.macro("SH", "SYNOPSIS")
        page.text("\(tool.commandName)\(tool.leaves.isEmpty ? "" : " <command>") [<options>]")
        page.macro("SH", "DESCRIPTION")
        page.paragraphs(tool.discussion ?? "")
        if tool.leaves.isEmpty { describeOwnOptions(on: &page) } else { describeCommands(on: &page) }
        for section in sections {
            page.macro("SH", section.title)
            page.paragraphs(section.text)
        }
        return page.source
    }

    /// A tool without commands has options of its own.
    private func describeOwnOptions(on page: inout Roff) {
        page.macro("SH", "OPTIONS")
        for argument in tool.arguments ?? [] where argument.shouldDisplay != false { describe(argument, on: &page) }
    }

    private func describeCommands(on page: inout Roff) {
        page.macro("SH", "COMMANDS")
        for command in tool.leaves { describe(command, on: &page) }
        describeSharedOptions(on: &page)
    }

    private func describe(_ command: CommandDescription, on page: inout Roff) {
        let arguments = (command.arguments ?? []).filter { $0.shouldDisplay != false }
        let positional = arguments.filter(\.isPositional).map(Self.inSynopsis)
        page.macro("SS", ([command.path] + positional).joined(separator: " "))
        page.text(command.abstract ?? "")
        for argument in arguments where argument.sectionTitle == nil && !Self.isHelp(argument) {
            describe(argument, on: &page)
        }
        if let discussion = command.discussion {
            page.macro("PP")
            page.paragraphs(discussion)
        }
    }

    private static func inSynopsis(_ argument: ArgumentDescription) -> String {
        argument.isOptional == true ? "[\(argument.written)]" : argument.written
    }

    private func describe(_ argument: ArgumentDescription, on page: inout Roff) {
        page.macro("TP")
        page.bold(argument.written)
        let preset = argument.isPositional ? nil : argument.defaultValue.map { " (default: \($0))" }
        page.text((argument.abstract ?? "") + (preset ?? ""))
    }

    /// Options that stand in a titled group are shared by commands: they are described once.
    private func describeSharedOptions(on page: inout Roff) {
        var seen: Set<String> = []
        let shared = tool.leaves.flatMap { $0.arguments ?? [] }.filter {
            $0.shouldDisplay != false && $0.sectionTitle != nil && seen.insert($0.written).inserted
        }
        var titles: [String] = []
        for title in shared.compactMap(\.sectionTitle) where !titles.contains(title) { titles.append(title) }
        for title in titles {
            page.macro("SH", title.uppercased())
            page.text("Every command to which they apply takes these.")
            for argument in shared where argument.sectionTitle == title { describe(argument, on: &page) }
        }
    }

    private static func isHelp(_ argument: ArgumentDescription) -> Bool {
        (argument.names ?? []).contains { $0.name == "help" || $0.name == "version" }
    }

    private func sentence(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "" }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

/// Text in roff, with everything escaped that roff would take for a command.
/// - Source: groff(7).
struct Roff {
    private(set) var source = ""

    /// A macro with its arguments.
    mutating func macro(_ name: String, _ arguments: String...) {
        source +=
            ".\(name)" + arguments.map { " \"\(Self.escaped($0).replacing("\"", with: "\\(dq"))\"" }.joined() + "\n"
    }

    /// A line of running text.
    mutating func text(_ text: String) {
        guard !text.isEmpty else { return }
        source += Self.line(text) + "\n"
    }

    /// A line in bold.
    mutating func bold(_ text: String) {
        source += "\\fB\(Self.escaped(text))\\fR\n"
    }

    /// Paragraphs that empty lines separate; indented lines stand as they are.
    mutating func paragraphs(_ text: String) {
        var isVerbatim = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let wantsVerbatim = line.hasPrefix("  ")
            if wantsVerbatim != isVerbatim { source += wantsVerbatim ? ".RS 4\n.nf\n" : ".fi\n.RE\n" }
            isVerbatim = wantsVerbatim
            if line.isEmpty { source += ".PP\n" } else { source += Self.line(line.drop { $0 == " " }) + "\n" }
        }
        if isVerbatim { source += ".fi\n.RE\n" }
    }

    private static func line(_ text: some StringProtocol) -> String {
        let line = escaped(String(text).replacing("\n", with: " "))
        // A dot or an apostrophe at the start of a line begins a command.
        return line.hasPrefix(".") || line.hasPrefix("'") ? "\\&\(line)" : line
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        String(text).replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("^", with: "\\(ha")
            .replacing("~", with: "\\(ti")
    }
}

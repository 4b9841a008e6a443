internal import FoundationEssentials

/// How the first word of a text sounds: what colour shows on a terminal, for whoever cannot read every line.
public enum Tone: Sendable {
    case good, info, warning, error

    /// The text with its first word in the colour of the tone.
    /// - Source: ECMA-48, SGR.
    func painted(_ text: String) -> String {
        guard let end = text.firstIndex(where: { $0 == " " || $0 == "\n" }) else { return coloured(text) }
        return coloured(text[..<end]) + text[end...]
    }

    private func coloured(_ word: some StringProtocol) -> String {
        let code =
            switch self {
            case .good: "32"
            case .info: "36"
            case .warning: "33"
            case .error: "1;31"
            }
        return "\u{1b}[\(code)m\(word)\u{1b}[0m"
    }
}

/// When text for people has colours. What is for programs, and files that a command writes, never has any.
public enum Colours: String, Sendable, CaseIterable {
    /// On a terminal, unless `NO_COLOR` says otherwise or the terminal has none.
    case auto
    case always, never

    /// Whether text that goes to that stream has colours.
    func apply(to stream: TextStream, _ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: stream.isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        }
    }
}

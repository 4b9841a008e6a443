/// What is wrong with a command line, made one sentence from what the parser or a command says of it.
struct UsageSentence {
    /// A longer word of the command line is cut: it is known to whoever typed it.
    private static let maximumLength = 80

    private let arguments: [String]

    /// - Parameter arguments: the command line.
    init(_ arguments: [String]) {
        self.arguments = arguments
    }

    /// The sentence, without a dot at its end.
    func text(_ message: String) -> String {
        var sentence = shortened(refusal(message) ?? message).replacing("\n", with: " ")
        sentence = sentence.replacing(". Did you mean", with: "; did you mean")
            .replacing(". Please provide", with: "; give")
        while sentence.last == "." || sentence.last == " " { sentence.removeLast() }
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }

    /// Why a value is refused, by the rule that it breaks, which names it. The parser would repeat it before that, and
    /// so also what may be a credential in it.
    private func refusal(_ message: String) -> String? {
        for value in values where message.hasPrefix("The value '\(value)' is invalid for '") {
            let rest = message.dropFirst("The value '\(value)' is invalid for '".count)
            guard let end = rest.firstRange(of: "': ") else { return nil }
            let option = rest[..<end.lowerBound].prefix { $0 != " " }
            return (option.hasPrefix("-") ? "\(option): " : "") + rest[end.upperBound...]
        }
        return nil
    }

    /// The words of the command line, and what stands behind an equals sign in them; the longest first.
    private var values: [String] {
        let behind = arguments.compactMap { argument in
            argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
        }
        return (arguments + behind).sorted { $0.count > $1.count }
    }

    private func shortened(_ message: String) -> String {
        var text = message
        for value in values {
            let shown = Self.shown(value)
            if shown != value { text = text.replacing(value, with: shown) }
        }
        return text
    }

    /// A word without what stands before an `@` in a URL, and no longer than need be.
    private static func shown(_ value: String) -> String {
        var text = value
        if let scheme = value.firstRange(of: "://"), let at = value.lastIndex(of: "@"), at > scheme.upperBound {
            text = value[..<scheme.upperBound] + "…" + value[at...]
        }
        return text.count > maximumLength ? text.prefix(maximumLength) + "…" : text
    }
}

/// A command line cut into words as a shell cuts it: quotes and backslashes, and nothing else of a shell.
enum CommandWords {
    /// - Returns: nil where a quote is not closed, or a backslash is the last character.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case ("\\", "\""?) where rest.first != "\"" && rest.first != "\\": word = (word ?? "") + "\\"
            case ("\\", nil), ("\\", "\""?):
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case (_, nil) where character.isWhitespace:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return quote == nil ? words : nil
    }
}

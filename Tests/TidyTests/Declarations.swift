/// A function, initializer or subscript with a body.
struct FunctionBody {
    let name: String
    let firstLine: Int
    let lineCount: Int
}

extension SourceFile {
    /// Types that the file declares at its top level, for others to name.
    var declaredTypes: [String] {
        var depth = 0
        var names: [String] = []
        for line in code {
            if depth == 0 && !line.hasPrefix("private ") && !line.hasPrefix("fileprivate ") {
                let words = line.words
                let kinds = ["struct", "class", "enum", "actor", "protocol", "typealias"]
                if let index = words.firstIndex(where: { kinds.contains(String($0)) }), index + 1 < words.count,
                    !words[..<index].contains("extension")
                {
                    names.append(String(words[index + 1]))
                }
            }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
        }
        return names
    }

    /// Modules that the file imports.
    var imports: [String] {
        code.compactMap { line in
            let words = line.words
            guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count else { return nil }
            return String(words[words.count - 1])
        }
    }

    /// Every function with its length, from its first line to its closing brace.
    var functions: [FunctionBody] {
        code.indices.compactMap { index in
            let words = code[index].words
            guard let keyword = words.firstIndex(where: { ["func", "init", "deinit", "subscript"].contains($0) }),
                words[..<keyword].allSatisfy({ Self.modifiers.contains(String($0)) }),
                let end = endOfBody(from: index)
            else { return nil }
            let name = words[keyword] == "func" && keyword + 1 < words.count ? words[keyword + 1] : words[keyword]
            return FunctionBody(name: String(name), firstLine: index, lineCount: end - index + 1)
        }
    }

    static let modifiers: Set<String> = [
        "public", "package", "internal", "private", "fileprivate", "open", "static", "class", "final", "override",
        "mutating", "nonmutating", "consuming", "borrowing", "convenience", "required", "nonisolated", "nonsending",
        "discardableResult", "inlinable", "usableFromInline", "unsafe", "prefix", "indirect", "lazy", "weak", "set",
        "Sendable", "escaping", "MainActor", "Test", "available",
    ]

    /// The line on which the body closes that a declaration at `start` opens; nil when it has none.
    private func endOfBody(from start: Int) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            let line = code[index]
            if braces == 0 && parentheses == 0 && index > start && !Self.continues(line) { return nil }
            for character in line {
                switch character {
                case "(", "[": parentheses += braces == 0 ? 1 : 0
                case ")", "]": parentheses -= braces == 0 ? 1 : 0
                case "{" where parentheses == 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                default: break
                }
            }
        }
        return nil
    }

    /// Whether a line goes on with a declaration that had no brace yet.
    private static func continues(_ line: String) -> Bool {
        let text = line.drop { $0 == " " }
        return text.isEmpty || ["{", "where ", "->", "async", "throws", "rethrows"].contains { text.hasPrefix($0) }
    }
}

import Testing

@Suite("What others use is documented")
struct CommentTests {
    /// Requirements of protocols: a witness is documented where it is required.
    private static let requirements: Set<String> = {
        var names: Set<String> = [
            "description", "hash", "encode", "next", "makeAsyncIterator", "body", "run", "validate",
            "debugDescription", "errorDescription", "rawValue", "id", "Failure", "Element", "AsyncIterator", "Iterator",
            "configuration", "subcommands", "placeBeneath", "metadata", "metadataProvider", "logLevel",
        ]
        for file in SourceTree.sources {
            var depth = 0
            for line in file.code {
                if line.words.contains("protocol") && depth == 0 { depth = 1; continue }
                guard depth > 0 else { continue }
                if line.hasPrefix("}") { depth = 0 } else if let name = declaredName(line) { names.insert(name) }
            }
        }
        return names
    }()

    private static let kinds: Set<String> = [
        "func", "var", "let", "struct", "class", "enum", "actor", "protocol", "typealias", "init", "subscript", "case",
    ]

    private static func declaredName(_ line: String) -> String? {
        let words = line.words
        guard let kind = words.firstIndex(where: { kinds.contains(String($0)) }),
            words[..<kind].allSatisfy({ SourceFile.modifiers.contains(String($0)) })
        else { return nil }
        if words[kind] == "init" || words[kind] == "subscript" { return String(words[kind]) }
        // An operator has no word for a name; it is documented by its protocol.
        let next = words[kind] == "class" && kind + 1 < words.count && kinds.contains(String(words[kind + 1]))
        let name = kind + (next ? 2 : 1)
        return name < words.count ? String(words[name]) : nil
    }

    @Test("every public declaration has a comment of its own, but for witnesses")
    func publicDeclarations() {
        expectNone(
            SourceTree.sources.flatMap { file in
                file.code.indices.filter { Self.isPublic(file.code[$0]) && !Self.isDocumented(file, $0) }.map {
                    file.place($0)
                }
            })
    }

    /// Whether the line declares something that others use and that no protocol documents.
    private static func isPublic(_ code: String) -> Bool {
        let line = code.drop { $0 == " " }
        guard line.hasPrefix("public "), !line.hasPrefix("public static func <"),
            !line.hasPrefix("public static func =="), !line.hasPrefix("public init(from "),
            !line.contains("Literal value: ")
        else { return false }
        return declaredName(String(line)).map { !requirements.contains($0) } ?? false
    }

    /// Whether a comment stands above, with at most attributes between.
    private static func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        var above = index - 1
        while above >= 0 {
            let text = file.lines[above].drop { $0 == " " }
            if text.hasPrefix("///") { return true }
            if !text.hasPrefix("@") { return false }
            above -= 1
        }
        return false
    }
}

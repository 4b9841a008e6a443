import Testing

@Suite("The way of one package that ARCHITECTURE.md shows")
struct WalkTests {
    /// A step of a list: what happens, the function that does it, and where that stands.
    private struct Step {
        let line: Substring
        let function: String
        let path: String

        init?(_ line: Substring) {
            guard
                let found = line.firstMatch(
                    of: /^[0-9]+\. .+: `([A-Za-z0-9.]+\([A-Za-z_:]*\))` in \[[^\]]+\]\(([^)]+)\)$/)
            else { return nil }
            self.line = line
            function = String(found.1)
            path = String(found.2)
        }
    }

    @Test("each step names a function that its file declares")
    func steps() throws {
        let text = try Repository.text("ARCHITECTURE.md")
        let section = try #require(text.split(separator: "\n## ").first { $0.hasPrefix("One package, step by step") })
        let lines = section.split(separator: "\n").filter { $0.first?.isNumber == true }
        #expect(lines.count { $0.hasPrefix("1. ") } == 3, "the lists")
        #expect(lines.count > 20)
        for line in lines {
            let step = try #require(Step(line), "\(line)")
            let declared = Signatures(in: try Repository.text(step.path)).all
            #expect(declared.contains(step.function), "\(step.path) declares no \(step.function)")
        }
    }

    @Test("the scan for declarations finds functions with their labels and the types that they belong to")
    func scan() {
        let source = """
            struct Outer<Value>: Sendable {
                init(_ one: Int, two: [String: Int] = [:]) {}
                func plain() {}
                private enum Inner {}
            }
            extension Other where Value: Sendable {
                static func wide<T: Sendable>(
                    _ body: (Int, Int) throws -> T, in place: Int,
                    of other: Int
                ) async {}
            }
            func free(_: Int) {}
            """
        #expect(
            Signatures(in: source).all == [
                "Outer.init(_:two:)", "Outer.plain()", "Other.wide(_:in:of:)", "free(_:)",
            ])
    }
}

/// The functions that a source file declares, as `Type.name(labels:)`.
private struct Signatures {
    let all: [String]

    init(in source: String) {
        var all: [String] = []
        var type = ""
        var rest = source[...]
        while let line = rest.prefixMatch(of: /[^\n]*\n?/), !line.0.isEmpty {
            let text = line.0
            if let found = text.prefixMatch(
                of: /(?:[a-z]+ )*(?:struct|class|enum|actor|protocol|extension) ([A-Za-z0-9.]+)/)
            {
                type = String(found.1) + "."
            } else if text.hasPrefix("}") {
                type = ""
            }
            let isCode = !text.drop { $0 == " " }.hasPrefix("//")
            if isCode, let found = text.firstMatch(of: /\b(?:func ([A-Za-z]+)|(init)\??)(?:<[^(]*>)?\(/) {
                let name = found.1 ?? found.2 ?? ""
                all.append("\(type)\(name)(\(Self.labels(rest[found.range.upperBound...])))")
            }
            rest = rest[line.range.upperBound...]
        }
        self.all = all
    }

    /// The labels of the parameters that begin here, up to the bracket that ends them.
    private static func labels(_ text: Substring) -> String {
        var labels = ""
        var depth = 0
        var (word, isAtLabel) = ("", true)
        var before: Character = " "
        for character in text {
            switch character {
            case "(", "[", "{": depth += 1
            case "<" where before.isLetter: depth += 1
            case ")" where depth == 0: return labels
            case ")", "]", "}": depth -= 1
            case ">" where depth > 0 && before != "-": depth -= 1
            case "," where depth == 0: isAtLabel = true
            default: break
            }
            before = character
            if !isAtLabel { continue }
            if character.isLetter || character == "_" {
                word.append(character)
            } else if !word.isEmpty {
                labels += word + ":"
                (word, isAtLabel) = ("", false)
            }
        }
        return labels
    }
}

import Testing

@Suite("Arguments say what they are")
struct LabelTests {
    @Test("of three parameters in a row one has a label; a closure at the end and expectations count for none")
    func labels() {
        var count = 0
        expectNone(
            SourceTree.sources.flatMap { file in
                file.functions.filter { function in
                    let parameters = Self.parameters(of: function, in: file)
                    count += 1
                    return !function.name.hasPrefix("expect") && Self.longestRun(parameters) >= 3
                }.map { file.place($0.firstLine) }
            })
        #expect(count > 2_000, "\(count) functions were looked at")
    }

    @Test("the rule is seen to be broken where it is")
    func broken() {
        #expect(Self.longestRun(["_ a: Int", "_ b: [Int: Int]", "_ c: Int"]) == 3)
        #expect(Self.longestRun(["_ a: Int", "_ b: Int", "_ work: () -> Void"]) == 2)
        #expect(Self.longestRun(["_ a: Int", "b: Int", "_ c: Int", "_ d: Int"]) == 2)
        #expect(
            Self.split("_ a: [Int: Int], _ b: (Int, Int) -> Void") == ["_ a: [Int: Int]", "_ b: (Int, Int) -> Void"])
    }

    private static func longestRun(_ parameters: [String]) -> Int {
        let counted = parameters.last?.contains("->") == true ? parameters.dropLast() : parameters[...]
        var (run, longest) = (0, 0)
        for parameter in counted {
            run = parameter.hasPrefix("_ ") ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    /// The parameters between the first parentheses that are not a generic clause's.
    private static func parameters(of function: FunctionBody, in file: SourceFile) -> [String] {
        let lines = file.code[function.firstLine..<min(function.firstLine + function.lineCount, file.code.count)]
        let text = lines.joined(separator: " ")
        guard let open = text.firstIndex(of: "(") else { return [] }
        var (depth, inside) = (0, "")
        for character in text[open...] {
            if character == ")" { depth -= 1 }
            if depth == 0 && character == ")" { break }
            if depth > 0 { inside.append(character) }
            if character == "(" { depth += 1 }
        }
        return split(inside)
    }

    /// What stands between commas that nothing encloses.
    private static func split(_ text: String) -> [String] {
        var (depth, parts, part) = (0, [String](), "")
        for character in text {
            if "([{<".contains(character) { depth += 1 }
            if ")]}".contains(character) || character == ">" && part.last != "-" { depth -= 1 }
            if character == "," && depth == 0 {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        return (parts + [part]).map { $0.split(separator: " ").joined(separator: " ") }
    }
}

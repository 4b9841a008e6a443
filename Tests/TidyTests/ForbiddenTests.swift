import Testing

@Suite("What the house does not allow")
struct ForbiddenTests {
    private static let programs: Set<String> = ["blobtool", "blobnode", "BlobTerminal"]
    private static let libraries = SourceTree.sources.filter { !programs.contains($0.target) }

    @Test("nothing crashes on purpose", arguments: ["try!", "as!", "fatalError(", "preconditionFailure("])
    func crashes(_ construct: String) {
        expectNone(SourceTree.sources.flatMap { file in file.places { $0.contains(construct) } })
    }

    @Test("nothing is unwrapped by force")
    func unwraps() {
        expectNone((SourceTree.sources + SourceTree.tests).flatMap { $0.places(where: Self.unwraps) })
    }

    /// A `!` behind a name or a closing bracket, which is neither `!=` nor a prefix.
    private static func unwraps(_ line: String) -> Bool {
        let text = Array(line.utf8)
        return text.indices.contains { index in
            guard text[index] == UInt8(ascii: "!"), index > 0 else { return false }
            if index + 1 < text.count && text[index + 1] == UInt8(ascii: "=") { return false }
            let before = text[index - 1]
            let isName =
                before >= UInt8(ascii: "0") && before <= UInt8(ascii: "9")
                || before | 0x20 >= UInt8(ascii: "a") && before | 0x20 <= UInt8(ascii: "z")
            return isName || before == UInt8(ascii: ")") || before == UInt8(ascii: "]")
        }
    }

    @Test("the scan for forced unwraps finds them, and only them")
    func unwrapScan() {
        for line in ["value!", "f()!.x", "list[0]!", "let x: Int!"] { #expect(Self.unwraps(line), "\(line)") }
        for line in ["a != b", "!value", "if !a && !(b)", "a! = b != c".replacing("a! ", with: "a ")] {
            #expect(!Self.unwraps(line), "\(line)")
        }
    }

    @Test("what only some storages can do is asked for in one way, which sees beneath decorators")
    func capabilities() {
        let others = SourceTree.sources.filter { !$0.path.hasSuffix("ObjectStorage/Decorators/StorageDecorator.swift") }
        let optional = SourceTree.sources.filter { $0.path.contains("ObjectStorage/Capabilities/") }.flatMap(
            \.declaredTypes)
        #expect(optional.contains("FencedRemovals"))
        expectNone(
            others.flatMap { file in
                file.places { line in
                    [" as? any ", " is any "].contains(where: line.contains)
                        && line.words.contains { optional.contains($0) || $0 == "StorageDecorator" }
                }
            })
    }

    @Test("nothing decides by the text of an error, which is written for people and may change")
    func errorTexts() {
        let texts = [
            ".message.contains(", ".message.hasPrefix(", ".message.hasSuffix(", ".message ==", ".message !=",
            ".cause ==",
            ".cause !=", "== .other(", "case .other(", " message ==", " message !=",
        ]
        expectNone(SourceTree.sources.flatMap { file in file.places { line in texts.contains(where: line.contains) } })
    }

    @Test("no file needs all of Foundation")
    func foundation() {
        for file in SourceTree.sources + SourceTree.tests {
            #expect(!file.imports.contains("Foundation"), "\(file.path)")
        }
    }

    @Test(
        "what the compiler is told to trust has its reason beside it",
        arguments: ["@unchecked Sendable", "nonisolated(unsafe)"])
    func trust(_ construct: String) {
        for file in SourceTree.sources + SourceTree.tests {
            for index in file.code.indices where file.code[index].contains(construct) {
                let near = file.lines[max(0, index - 4)...index]
                #expect(near.contains { $0.contains("//") }, "\(file.place(index))")
            }
        }
    }

    private static let tasks = [" Task {", " Task(", "=Task {", "(Task {"]

    @Test("a library starts no task that nobody waits for")
    func tasks() {
        // The one place that starts a task does so to shield it from its caller's cancellation, and waits for it.
        let others = Self.libraries.filter { !$0.path.hasSuffix("/Uncancelled.swift") }
        expectNone(
            others.flatMap { file in
                file.places { line in
                    line.contains("Task.detached")
                        || line.words.contains("Task") && Self.tasks.contains(where: line.contains)
                }
            })
    }

    @Test("a library prints nothing")
    func prints() {
        expectNone(
            Self.libraries.flatMap { file in
                file.places { $0.words.contains("print") && $0.contains("print(") && !$0.contains(".print(") }
            })
    }

    @Test("nothing is left to be done later")
    func later() {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
        for file in SourceTree.sources + SourceTree.tests {
            for (index, line) in file.lines.enumerated() {
                #expect(!line.words.contains { marks.contains(String($0)) }, "\(file.place(index))")
            }
        }
    }

    @Test("a test waits for a condition with a deadline, never for time to pass")
    func sleeps() {
        let calls = ["Task.sleep", "usleep(", "nanosleep(", "ContinuousClock().sleep"]
        expectNone(
            SourceTree.tests.flatMap { file in
                file.code.indices.filter { index in
                    let near = file.code[max(0, index - 12)...min(file.code.count - 1, index + 4)]
                    // So many tries with a condition are a deadline as well.
                    let isBounded = near.contains { line in
                        line.words.contains("deadline") || line.contains("for _ in 0..<") && line.contains(" where ")
                    }
                    return calls.contains(where: file.code[index].contains) && !isBounded
                }.map { file.place($0) }
            })
    }

    @Test("nothing speaks of the machine that it was written on")
    func machines() {
        let foreign = ["/wo" + "rk/", "/Us" + "ers/", "/home/" + "user"].map { Array($0.utf8) }
        for path in SourceTree.here.files(below: "") {
            let bytes = SourceTree.here.bytes(of: path)
            guard bytes.count < 1 << 20, !bytes.contains(0) else { continue }
            for text in foreign {
                #expect(!Self.contains(bytes, text), "\(path) names \(String(decoding: text, as: UTF8.self))")
            }
        }
    }

    private static func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
        var index = bytes.startIndex
        while let found = bytes[index...].firstIndex(of: text[0]) {
            // A path that only ends like one of these, such as `network/`, begins with something else.
            if bytes[found...].starts(with: text) && (found == 0 || !isPathByte(bytes[found - 1])) { return true }
            index = found + 1
        }
        return false
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "}") || byte == UInt8(ascii: ")")
    }
}

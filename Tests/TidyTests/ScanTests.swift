import Testing

@Suite("The scans of the source find what they look for")
struct ScanTests {
    private let file = SourceFile(
        path: "Sources/Module/Layer/File.swift",
        bytes: Array(
            #"""
            internal import Other
            // Task.detached in a comment
            public struct Shown { // { not code
                /* a /* nested */ comment { */
                let text = "a string with } and \(call("inner }", { 1 })) in it"
                let raw = #"raw " \(no) "#; let after = value!
                func short() -> Int { 1 }
                func long(
                    _ a: Int
                ) async throws
                    -> Int
                {
                    let block = """
                        fatalError( in text
                        """
                    return 1
                }
            }
            private enum Hidden {}
            protocol Empty {
                func required()
                func other() -> Int
            }
            """#.utf8))

    @Test("comments and texts are no code, and lines keep their numbers")
    func code() {
        #expect(file.code.count == file.lines.count)
        #expect(file.places { $0.contains("detached") || $0.contains("fatalError") || $0.contains("nested") }.isEmpty)
        #expect(file.places { $0.contains("inner") || $0.contains("raw \\") }.isEmpty)
        #expect(file.places { $0.contains("value!") }.count == 1)
    }

    @Test("types, imports and functions are found, with their lengths")
    func declarations() {
        #expect(file.declaredTypes == ["Shown", "Empty"])
        #expect(file.imports == ["Other"])
        #expect(file.functions.map(\.name) == ["short", "long"])
        #expect(file.functions.map(\.lineCount) == [1, 10])
        #expect(file.target == "Module")
        #expect(file.layer == "Layer")
    }
}

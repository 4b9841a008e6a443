import Testing

@Suite("Files, functions, folders and lines stay small")
struct SizeTests {
    @Test("a file has at most 400 lines")
    func files() {
        let all = SourceTree.sources + SourceTree.tests
        for file in all { #expect(file.lines.count <= 400, "\(file.path)") }
        let sizes = SourceTree.sources.map(\.lines.count).sorted()
        print("files: \(sizes.count), median \(sizes[sizes.count / 2]) lines, longest \(sizes.last ?? 0)")
        #expect(sizes[sizes.count / 2] <= 130, "the median")
    }

    @Test("a function has at most 50 lines")
    func functions() {
        var sizes: [Int] = []
        for file in SourceTree.sources + SourceTree.tests {
            for function in file.functions {
                sizes.append(function.lineCount)
                #expect(function.lineCount <= 50, "\(file.place(function.firstLine))")
            }
        }
        sizes.sort()
        print("functions: \(sizes.count), median \(sizes[sizes.count / 2]) lines, longest \(sizes.last ?? 0)")
        #expect(sizes.count > 200)
        #expect(sizes[sizes.count / 2] <= 14, "the median")
    }

    @Test("a folder of sources has at most 12 files")
    func folders() {
        let folders = Dictionary(grouping: SourceTree.here.files(below: "Sources")) { path in
            path.split(separator: "/").dropLast().joined(separator: "/")
        }
        for (folder, files) in folders { #expect(files.count <= 12, "\(folder) has \(files.count) files") }
    }

    @Test("a line has at most 120 columns, unless it is one text, no tab and no space at its end")
    func lines() {
        expectNone(
            (SourceTree.sources + SourceTree.tests).flatMap { file in
                file.lines.indices.filter { index in
                    let line = file.lines[index]
                    return line.count > 120 && !Self.isText(line, file.code[index]) || line.contains("\t")
                        || line.hasSuffix(" ")
                }.map { file.place($0) }
            })
    }

    /// Whether a line holds nothing but text in quotes, which cannot be broken as code can.
    private static func isText(_ line: String, _ code: String) -> Bool {
        let text = line.drop { $0 == " " || $0 == "+" }
        return text.hasPrefix("\"") || code.isEmpty && !text.hasPrefix("//")
    }
}

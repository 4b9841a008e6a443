import Testing

@Suite("The documentation")
struct LinkTests {
    @Test("every link leads to a file of this repository, and to none outside of it")
    func links() throws {
        let files = try Repository.markdownFiles()
        #expect(files.contains("CHANGELOG.md"))
        for file in files {
            for link in links(in: try Repository.text(file)) {
                #expect(!link.contains("://"), "\(file) links to \(link), outside the repository")
                let target = String(link.prefix { $0 != "#" })
                if target.isEmpty || link.contains("://") { continue }
                #expect(Repository.exists(folder(of: file) + target), "\(file) links to \(target), which is not there")
            }
        }
    }

    @Test("nothing but Markdown, vectors and their twin stands in docs, and each page is linked from another")
    func reachable() throws {
        var linked: Set<String> = []
        for file in try Repository.markdownFiles() {
            for link in links(in: try Repository.text(file)) {
                linked.insert(normal(folder(of: file) + link.prefix { $0 != "#" }))
            }
        }
        for page in try Repository.files(below: "docs") {
            #expect(linked.contains(page), "no page links to \(page)")
        }
    }

    /// The targets of inline links outside of code.
    private func links(in text: String) -> [String] {
        var isCode = false
        var targets: [String] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") { isCode.toggle() }
            if isCode || line.hasPrefix("    ") { continue }
            targets += line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
        }
        return targets
    }

    private func folder(of file: String) -> String {
        file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }

    /// The path without `..`.
    private func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}

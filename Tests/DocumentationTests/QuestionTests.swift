import Testing

@Suite("The questions that ARCHITECTURE.md answers with a file")
struct QuestionTests {
    @Test("each answer names a file that exists, and symbols that are in it")
    func answers() throws {
        let rows = try Repository.text("ARCHITECTURE.md").split(separator: "\n").filter { $0.contains("? | [") }
        #expect(rows.count >= 10)
        for row in rows {
            let path = try #require(row.firstMatch(of: /\]\(([^)]+)\)/)).1
            let symbols = row.split(separator: "|").last?.matches(of: /`([A-Za-z.]+)`/).map { $0.1 } ?? []
            #expect(!symbols.isEmpty, "\(row)")
            let source = try Repository.text(String(path))
            for symbol in symbols { #expect(source.contains(symbol), "\(path) has no \(symbol)") }
        }
    }
}

import Testing

/// Reports and a node's pages have their style sheets in modules of which neither may import the other, and below both
/// there is none that has to do with pages.
@Suite("Reports and pages look alike")
struct PaletteTests {
    private static let report = "Sources/BlobTerminal/Reports/HTMLStyle.swift"
    private static let page = "Sources/BlobServer/Pages/PageStyle.swift"

    @Test("a colour that both name is the same in both, in light and in dark")
    func colours() {
        let (report, page) = (Self.palettes(in: Self.report), Self.palettes(in: Self.page))
        #expect(report.count == 2 && page.count == 2)
        for (one, other) in zip(report, page) {
            let shared = Set(one.keys).intersection(other.keys)
            #expect(shared.count > 4)
            for name in shared { #expect(one[name] == other[name], "\(name)") }
        }
    }

    /// The colours by name, of each rule that sets some.
    private static func palettes(in path: String) -> [[Substring: Substring]] {
        let text = String(decoding: SourceTree.here.bytes(of: path), as: UTF8.self)
        return text.split(separator: ":root{").dropFirst().map { rule in
            let settings = rule.prefix { $0 != "}" }.split { $0 == ";" || $0.isWhitespace }
            let pairs = settings.map { $0.split(separator: ":") }.filter { $0.count == 2 && $0[0].hasPrefix("--") }
            return Dictionary(pairs.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
        }
    }
}

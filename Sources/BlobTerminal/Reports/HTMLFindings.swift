internal import BlobStore

/// The findings of a check, feed by feed, and what to do about each kind.
struct HTMLFindings {
    private let report: CheckReport

    init(_ report: CheckReport) {
        self.report = report
    }

    /// The sections; nothing where nothing was found.
    var text: String {
        let found = report.sections.filter { !$0.findings.isEmpty }
        let omitted =
            report.omitted == 0
            ? "" : "<p>\(grouped(Int64(report.omitted))) more findings are counted but not listed.</p>"
        return remedies(report.sections) + found.map(section).joined(separator: "\n") + omitted
    }

    /// Where the findings of a feed, or of the server root, are on the page.
    static func anchor(_ section: CheckReport.Section) -> String {
        section.feed.map { "feed-\(markup($0.text))" } ?? "server-root"
    }

    // MARK: - What to do

    private static let maximumCommands = 5

    private func remedies(_ sections: [CheckReport.Section]) -> String {
        let items = Remedy.all.compactMap { article($0, sections) }
        if items.isEmpty { return "" }
        return "<section><h2>What to do</h2>\(items.joined(separator: "\n"))</section>"
    }

    /// A remedy with its command for each feed that needs it; nil where none does.
    private func article(_ remedy: Remedy, _ sections: [CheckReport.Section]) -> String? {
        let kinds = remedy.kinds.filter { kind in sections.contains { $0.has(kind) } }
        if kinds.isEmpty { return nil }
        let feeds = sections.filter { section in kinds.contains { section.has($0) } }.compactMap(\.feed)
        let title = kinds.map { "<span id=\"\($0.rawValue)\">\($0.rawValue)</span>" }.joined(separator: ", ")
        let advice = feeds.isEmpty ? remedy.byHand ?? remedy.advice : remedy.advice
        return "<article><h3>\(title)</h3><p>\(markup(advice))</p>\(commands(of: remedy, for: feeds))</article>"
    }

    private func commands(of remedy: Remedy, for feeds: [FeedName]) -> String {
        guard let command = remedy.command, !feeds.isEmpty else { return "" }
        let lines = feeds.prefix(Self.maximumCommands).map { "<code>\(markup(command($0)))</code>" }
        let rest = feeds.count - lines.count
        let more = rest > 0 ? "<br>and the same for \(grouped(Int64(rest))) more feeds" : ""
        return "<p>\(lines.joined(separator: "<br>"))\(more)</p>"
    }

    // MARK: - Findings

    private func section(_ section: CheckReport.Section) -> String {
        let others = section.findings.filter(\.packages.isEmpty).map { article($0.key, [$0]) }
        let articles = section.affectedPackages.map { article($0.path, $0.findings) } + others
        return "<section id=\"\(Self.anchor(section))\"><h2>Findings in \(markup(section.title))</h2>"
            + articles.joined(separator: "\n") + "</section>"
    }

    private func article(_ title: String, _ findings: [Finding]) -> String {
        "<article><h3>\(markup(title))</h3>\(findings.map(item).joined())</article>"
    }

    private func item(_ finding: Finding) -> String {
        let kind = finding.kind.rawValue
        return "<p><a href=\"#\(kind)\"><i class=\"\(finding.severity.rawValue)\">\(kind)</i></a> "
            + "\(markup(finding.message))<br><code>\(markup(finding.key))</code></p>"
    }
}

extension CheckReport.Section {
    fileprivate func has(_ kind: Finding.Kind) -> Bool { count(of: kind) > 0 }

    /// Each package that a listed finding names, in order. Paths that look alike may differ in their bytes.
    var affectedPackages: [(path: String, findings: [Finding])] {
        var found: [[UInt8]: [Finding]] = [:]
        for finding in findings {
            for path in finding.packages { found[Array(path.utf8), default: []].append(finding) }
        }
        return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
    }
}

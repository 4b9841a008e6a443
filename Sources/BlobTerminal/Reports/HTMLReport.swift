internal import BlobStore

/// A check as one HTML page that stands alone: no script, no other file, nothing from a network.
public struct HTMLReport: Sendable {
    private let report: CheckReport

    /// The report as one page, with its style inside.
    public init(_ report: CheckReport) {
        self.report = report
    }

    /// The page.
    public var text: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(markup(verdict.title)): \(markup(report.root))</title>
        <style>\(HTMLStyle.text)</style>
        </head>
        <body>
        \(header)
        \(cards)
        \(HTMLChart(report).text)
        \(feedTable)
        \(gapList)
        \(packageList)
        \(otherList)
        \(footer)
        </body>
        </html>

        """
    }

    private struct Verdict {
        let title: String
        let sentence: String
        let tone: String
    }

    private var verdict: Verdict {
        let total = report.total
        if !total.complete {
            return Verdict(
                title: "Incomplete",
                sentence: "Something could not be checked, so this report does not prove health. "
                    + (total.errors > 0 ? "What was checked has damage." : "What was checked is sound."),
                tone: "incomplete")
        }
        if total.errors > 0 {
            return Verdict(
                title: "Damaged",
                sentence: "\(counted(total.errors, "error")) in \(counted(affected.count, "package")).",
                tone: "damaged")
        }
        let remarks = total.warnings > 0 ? " \(counted(total.warnings, "warning")) need a look." : ""
        return Verdict(title: "Sound", sentence: "Every package has its content in place.\(remarks)", tone: "sound")
    }

    private var freshness: String {
        guard let share = report.total.freshPercentage else { return "" }
        return " Of all bytes of content \(share) were read and found good within \(report.freshWithin.written)."
    }

    private var header: String {
        """
        <header class="\(verdict.tone)">
        <p class="kind">Consistency check</p>
        <h1>\(verdict.title)</h1>
        <p>\(markup(verdict.sentence + freshness))</p>
        <p class="root"><code>\(markup(report.root))</code><br>\(report.started), content: \(markup(report.level))</p>
        </header>
        """
    }

    private var cards: String {
        let total = report.total
        let cards = [
            ("packages", grouped(total.packages)), ("blobs", grouped(total.blobs)),
            ("stored", ByteSize(bytes: total.bytes).human),
            ("read and hashed", ByteSize(bytes: total.bytesRead).human), ("errors", grouped(total.errors)),
            ("warnings", grouped(total.warnings)),
        ]
        return "<section class=\"cards\">"
            + cards.map { "<div><b>\($0.1)</b><span>\($0.0)</span></div>" }.joined() + "</section>"
    }

    private var feedTable: String {
        let rows = report.sections.map { section in
            let summary = section.summary
            let errors = section.findings.count { $0.severity == .error }
            let warnings = section.findings.count { $0.severity == .warning }
            let state = !section.gaps.isEmpty ? "incomplete" : errors > 0 ? "damaged" : "sound"
            return "<tr><td>\(markup(section.title))</td><td class=\"n\">\(grouped(summary.packages))</td>"
                + "<td class=\"n\">\(grouped(summary.blobs))</td><td class=\"n\">\(ByteSize(bytes: summary.bytes).human)</td>"
                + "<td class=\"n\">\(errors)</td><td class=\"n\">\(warnings)</td><td><i class=\"\(state)\">\(state)</i></td></tr>"
        }
        return """
            <section><h2>Feeds</h2>
            <table><thead><tr><th>feed</th><th class="n">packages</th><th class="n">blobs</th><th class="n">stored</th>
            <th class="n">errors</th><th class="n">warnings</th><th>state</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></section>
            """
    }

    private var gapList: String {
        let gaps = report.sections.flatMap { section in section.gaps.map { (section.title, $0) } }
        if gaps.isEmpty { return "" }
        return "<section><h2>Not looked at</h2><ul>"
            + gaps.map { "<li><b>\(markup($0.0))</b>: \(markup($0.1))</li>" }.joined(separator: "\n")
            + "</ul></section>"
    }

    /// Feed and path of each package that a finding names, in order.
    private var affected: [(feed: String, path: String, findings: [Finding])] {
        var found: [String: [String: [Finding]]] = [:]
        for section in report.sections {
            for finding in section.findings {
                for path in finding.packages { found[section.title, default: [:]][path, default: []].append(finding) }
            }
        }
        return found.sorted { $0.key < $1.key }.flatMap { feed, paths in
            paths.sorted { $0.key < $1.key }.map { (feed, $0.key, $0.value) }
        }
    }

    private var packageList: String {
        let packages = affected
        if packages.isEmpty { return "" }
        let items = packages.map { package in
            "<article><h3><span>\(markup(package.feed))</span> \(markup(package.path))</h3>"
                + package.findings.map(item).joined() + "</article>"
        }
        return "<section><h2>Packages with findings</h2>\(items.joined(separator: "\n"))</section>"
    }

    private var otherList: String {
        let others = report.sections.flatMap { section in
            section.findings.filter(\.packages.isEmpty).map { (section.title, $0) }
        }
        let omitted =
            report.omitted == 0
            ? "" : "<p>\(grouped(Int64(report.omitted))) more findings are counted but not listed.</p>"
        if others.isEmpty { return omitted }
        let items = others.map { title, finding in
            "<article><h3><span>\(markup(title))</span> \(markup(finding.key))</h3>\(item(finding))</article>"
        }
        return "<section><h2>Findings beside packages</h2>\(items.joined(separator: "\n"))\(omitted)</section>"
    }

    private func item(_ finding: Finding) -> String {
        "<p><i class=\"\(finding.severity.rawValue)\">\(finding.kind.rawValue)</i> \(markup(finding.message))"
            + "<br><code>\(markup(finding.key))</code></p>"
    }

    private var footer: String {
        "<footer>blobtool check, \(grouped(Int64(report.seconds.rounded(.up)))) s</footer>"
    }

    private func counted(_ count: some BinaryInteger, _ thing: String) -> String {
        "\(grouped(Int64(count))) \(thing)\(count == 1 ? "" : "s")"
    }
}

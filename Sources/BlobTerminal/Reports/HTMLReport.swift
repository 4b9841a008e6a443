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
        \(HTMLFindings(report).text)
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
            let affected = report.sections.reduce(0) { $0 + $1.affectedPackages.count }
            return Verdict(
                title: "Damaged",
                sentence: "\(counted(total.errors, "error")) in \(report.omitted > 0 ? "at least " : "")"
                    + "\(counted(affected, "package")).",
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
        let head = Self.columns.map { "<th\($0.isNumber ? " class=\"n\"" : "")>\($0.name)</th>" }
        return """
            <section><h2>Feeds</h2>
            <table><thead><tr>\(head.joined())</tr></thead>
            <tbody>\(report.sections.map(row).joined(separator: "\n"))</tbody></table></section>
            """
    }

    private static let columns: [(name: String, isNumber: Bool)] = [
        ("feed", false), ("packages", true), ("blobs", true), ("stored", true), ("errors", true), ("warnings", true),
        ("state", false),
    ]

    /// The row of a feed. Each cell carries the name of its column for windows too narrow for a table.
    private func row(_ section: CheckReport.Section) -> String {
        let summary = section.summary
        let (errors, warnings) = (section.count(.error), section.count(.warning))
        let state = section.gapCount > 0 ? "incomplete" : errors > 0 ? "damaged" : "sound"
        let name = markup(section.title)
        let link = section.findings.isEmpty ? name : "<a href=\"#\(HTMLFindings.anchor(section))\">\(name)</a>"
        let cells = [
            link, grouped(summary.packages), grouped(summary.blobs), ByteSize(bytes: summary.bytes).human,
            grouped(errors), grouped(warnings), "<i class=\"\(state)\">\(state)</i>",
        ]
        let columns = zip(Self.columns, cells).map { column, cell in
            "<td\(column.isNumber ? " class=\"n\"" : "") data-name=\"\(column.name)\">\(cell)</td>"
        }
        return "<tr>\(columns.joined())</tr>"
    }

    private var gapList: String {
        let gaps = report.sections.flatMap { section in
            let rest = section.gapCount - Int64(section.gaps.count)
            let more = rest > 0 ? ["\(grouped(rest)) more that are counted but not listed"] : []
            return (section.gaps + more).map { (section.title, $0) }
        }
        if gaps.isEmpty { return "" }
        return "<section><h2>Not looked at</h2><ul>"
            + gaps.map { "<li><b>\(markup($0.0))</b>: \(markup($0.1))</li>" }.joined(separator: "\n")
            + "</ul></section>"
    }

    private var footer: String {
        "<footer>\(markup(report.program)): check, \(grouped(Int64(report.seconds.rounded(.up)))) s</footer>"
    }

    private func counted(_ count: some BinaryInteger, _ thing: String) -> String {
        "\(grouped(Int64(count))) \(thing)\(count == 1 ? "" : "s")"
    }
}

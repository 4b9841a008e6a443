internal import BlobStore

/// A small bar chart of the findings by kind, drawn as SVG.
struct HTMLChart {
    private let report: CheckReport

    init(_ report: CheckReport) {
        self.report = report
    }

    private struct Bar {
        let kind: Finding.Kind
        let severity: Finding.Severity
        let count: Int
    }

    private var bars: [Bar] {
        let findings = report.sections.flatMap(\.findings)
        return Finding.Kind.allCases.compactMap { kind in
            let some = findings.filter { $0.kind == kind }
            guard let worst = some.map(\.severity).max() else { return nil }
            return Bar(kind: kind, severity: worst, count: some.count)
        }
    }

    /// The chart in a section; nothing where there is nothing to draw.
    var text: String {
        let bars = bars
        guard let longest = bars.map(\.count).max() else { return "" }
        let rows = bars.enumerated().map { index, bar in row(bar, at: index * 26, longest) }
        return """
            <section><h2>Findings by kind</h2>
            <svg viewBox="0 0 640 \(bars.count * 26)" role="img" aria-label="Findings by kind">\(rows.joined())</svg></section>
            """
    }

    private func row(_ bar: Bar, at y: Int, _ longest: Int) -> String {
        let width = max(3, bar.count * 400 / max(longest, 1))
        return "<text x=\"150\" y=\"\(y + 17)\" text-anchor=\"end\">\(bar.kind.rawValue)</text>"
            + "<rect class=\"\(bar.severity.rawValue)\" x=\"160\" y=\"\(y + 4)\" width=\"\(width)\" height=\"18\" rx=\"3\"/>"
            + "<text x=\"\(width + 168)\" y=\"\(y + 17)\">\(grouped(Int64(bar.count)))</text>"
    }
}

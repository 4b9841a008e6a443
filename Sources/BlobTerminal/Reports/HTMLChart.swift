internal import BlobStore

/// A small bar chart of the findings by kind, whose labels keep their size in a narrow window.
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
        return "<section><h2>Findings by kind</h2><div class=\"chart\">"
            + bars.map { row($0, longest) }.joined() + "</div></section>"
    }

    private func row(_ bar: Bar, _ longest: Int) -> String {
        let percent = max(1, bar.count * 100 / max(longest, 1))
        return "<a href=\"#\(bar.kind.rawValue)\">\(bar.kind.rawValue)</a>"
            + "<div><b class=\"\(bar.severity.rawValue)\" style=\"width:\(percent)%\"></b></div>"
            + "<span>\(grouped(Int64(bar.count)))</span>"
    }
}

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
        let count: Int64
    }

    private var bars: [Bar] {
        Finding.Kind.allCases.compactMap { kind in
            let counts = Finding.Severity.allCases.map { severity in
                (severity: severity, count: report.sections.reduce(0) { $0 + $1.count(severity, of: kind) })
            }.filter { $0.count > 0 }
            guard let worst = counts.map(\.severity).max() else { return nil }
            return Bar(kind: kind, severity: worst, count: counts.reduce(0) { $0 + $1.count })
        }
    }

    /// The chart in a section; nothing where there is nothing to draw.
    var text: String {
        let bars = bars
        guard let longest = bars.map(\.count).max() else { return "" }
        return "<section><h2>Findings by kind</h2><div class=\"chart\">"
            + bars.map { row($0, longest) }.joined() + "</div></section>"
    }

    private func row(_ bar: Bar, _ longest: Int64) -> String {
        let percent = max(1, bar.count * 100 / max(longest, 1))
        return "<a href=\"#\(bar.kind.rawValue)\">\(bar.kind.rawValue)</a>"
            + "<div><b class=\"\(bar.severity.rawValue)\" style=\"width:\(percent)%\"></b></div>"
            + "<span>\(grouped(bar.count))</span>"
    }
}

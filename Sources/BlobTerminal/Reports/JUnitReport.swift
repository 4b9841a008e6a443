internal import BlobStore

/// A check as JUnit XML, for the test views of CI systems: a suite for each feed, and a test for each kind of finding,
/// which has one name whether it passes or fails, so that its history is kept. A kind that was not looked for, or not
/// everywhere, is skipped, with the reason.
public struct JUnitReport: Sendable {
    private let report: CheckReport

    /// The report as JUnit XML.
    public init(_ report: CheckReport) {
        self.report = report
    }

    /// The XML document.
    public var text: String {
        let suites = report.sections.map(suite)
        let failures = suites.reduce(0) { $0 + $1.failures }
        let gaps = suites.reduce(0) { $0 + $1.gaps }
        let tests = suites.reduce(0) { $0 + $1.tests }
        let skipped = suites.reduce(0) { $0 + $1.skipped }
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        xml += "<testsuites name=\"blobtool check\" tests=\"\(tests)\" failures=\"\(failures)\" errors=\"\(gaps)\" "
        xml += "skipped=\"\(skipped)\" time=\"\(time(report.seconds))\">\n"
        xml += suites.map(\.text).joined()
        return xml + "</testsuites>\n"
    }

    private struct Suite {
        var text = ""
        var tests = 0
        var failures = 0
        var gaps = 0
        var skipped = 0

        mutating func add(_ name: String, of suite: String, _ body: String) {
            tests += 1
            text += "    <testcase classname=\"\(markup(suite))\" name=\"\(markup(name))\" time=\"0\""
            text += body.isEmpty ? "/>\n" : ">\n\(body)    </testcase>\n"
        }
    }

    private func suite(_ section: CheckReport.Section) -> Suite {
        var suite = Suite()
        for kind in Finding.Kind.allCases {
            let findings = section.findings.filter { $0.kind == kind }
            let errors = findings.filter { $0.severity == .error }
            let name = "no \(kind.rawValue)"
            let count = section.count(.error, of: kind)
            if count == 0 {
                let reason = section.omission(of: kind, level: report.level)
                suite.skipped += reason == nil ? 0 : 1
                let skip = reason.map { "      <skipped message=\"\(markup($0))\"/>\n" } ?? ""
                suite.add(name, of: section.title, skip + remarks(findings))
            } else {
                suite.failures += 1
                suite.add(name, of: section.title, failure(kind, errors, of: count))
            }
        }
        for gap in section.unseen {
            suite.gaps += 1
            suite.add(
                "complete", of: section.title,
                "      <error type=\"incomplete\" message=\"\(markup(gap))\"/>\n")
        }
        if section.unseen.isEmpty { suite.add("complete", of: section.title, "") }
        suite.text = head(section, suite) + suite.text + "  </testsuite>\n"
        return suite
    }

    private func head(_ section: CheckReport.Section, _ suite: Suite) -> String {
        let summary = section.summary
        let counts = [
            ("root", report.root), ("content", report.level), ("packages", "\(summary.packages)"),
            ("blobs", "\(summary.blobs)"), ("bytes", "\(summary.bytes)"), ("bytesRead", "\(summary.bytesRead)"),
            ("freshBytes", "\(summary.freshBytes)"),
            ("freshWithinSeconds", "\(report.freshWithin.components.seconds)"),
            ("findingsCountedButNotListed", "\(report.omitted)"),
        ]
        var xml =
            "  <testsuite name=\"\(markup(section.title))\" tests=\"\(suite.tests)\" failures=\"\(suite.failures)\" "
        xml +=
            "errors=\"\(suite.gaps)\" skipped=\"\(suite.skipped)\" timestamp=\"\(report.started)\" "
        xml += "time=\"\(time(section.time.inSeconds))\">\n"
        xml += "    <properties>\n"
        for (name, value) in counts {
            xml += "      <property name=\"\(name)\" value=\"\(markup(value))\"/>\n"
        }
        return xml + "    </properties>\n"
    }

    /// - Parameter count: how many there are, listed or not.
    private func failure(_ kind: Finding.Kind, _ errors: [Finding], of count: Int64) -> String {
        let first = errors.isEmpty ? "counted but not listed" : "the first: "
        let count = count == 1 && !errors.isEmpty ? "" : "\(count) findings, \(first)"
        let lines = errors.flatMap { ["\($0.key): \($0.message)"] + $0.packages.map { "package: \($0)" } }
        return "      <failure type=\"\(kind.rawValue)\" message=\"\(markup(count + (errors.first?.message ?? "")))\">"
            + lines.map(markup).joined(separator: "\n") + "</failure>\n"
    }

    private func remarks(_ findings: [Finding]) -> String {
        if findings.isEmpty { return "" }
        let lines = findings.map { "\($0.severity.rawValue): \($0.key): \($0.message)" }
        return "      <system-out>" + lines.map(markup).joined(separator: "\n") + "</system-out>\n"
    }

    /// Seconds with three decimals.
    private func time(_ seconds: Double) -> String {
        let milliseconds = Int64((seconds * 1_000).rounded())
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

extension CheckReport.Section {
    /// What could not be looked at. In a root that is another, or is gone, that is everything.
    fileprivate var unseen: [String] {
        if !gaps.isEmpty { return gaps }
        if gapCount > 0 { return ["\(gapCount) things that are counted but not listed"] }
        return findings.filter { $0.kind == .wrongRoot && $0.severity == .error }.map(\.message)
    }

    /// Why it is not known that there is nothing of that kind; nil where it is.
    fileprivate func omission(of kind: Finding.Kind, level: String) -> String? {
        if let gap = unseen.first { return "not everything could be checked: \(gap)" }
        if feed == nil && kind.isOfFeeds { return "a server root itself holds no content; see its feeds" }
        guard kind == .corruptBlob, summary.bytesRead < summary.bytes, summary.freshBytes < summary.bytes else {
            return nil
        }
        if summary.bytesRead == 0 { return "no content was read (content: \(level))" }
        return "only a part of the content was read or found good lately (content: \(level))"
    }
}

extension Finding.Kind {
    /// Whether only a feed can have it.
    fileprivate var isOfFeeds: Bool {
        switch self {
        case .missingBlob, .sizeMismatch, .corruptBlob, .orphanBlob, .staleStaging, .quarantined: true
        default: false
        }
    }
}

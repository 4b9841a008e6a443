import BlobStore
import Testing

@testable import BlobTerminal

@Suite("A run of upkeep, as a Prometheus textfile")
struct MetricsTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func text(_ subjects: [UpkeepMetrics.Subject], after former: String = "", at time: Int64? = nil) -> String {
        let ended = time.map { Timestamp(seconds: $0) } ?? now
        return UpkeepMetrics("check", ended: ended, subjects: subjects).text(after: former)
    }

    private func good(_ feed: FeedName?) -> UpkeepMetrics.Subject { .init(feed, isComplete: true, isGood: true) }
    private func bad(_ feed: FeedName?) -> UpkeepMetrics.Subject { .init(feed, isComplete: true, isGood: false) }

    /// The series of when feeds were good last.
    private func lastGood(_ text: String) -> [String] {
        let name = "blobstore_check_last_good_timestamp_seconds"
        return text.split(separator: "\n").filter { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }

    @Test("each metric has its help and type once, and a series for each feed that has a number")
    func form() throws {
        let share = UpkeepMetrics.Figure("fresh_ratio", .number(0.75), help: "A\\share\nof it.")
        let count = UpkeepMetrics.Figure("errors", .integer(3), help: "Errors.")
        let subjects: [UpkeepMetrics.Subject] = [
            .init(nil, isComplete: false, isGood: false, figures: [count]),
            .init(try FeedName("npm"), isComplete: true, isGood: true, figures: [share, count]),
        ]
        #expect(
            text(subjects) == """
                # HELP blobstore_check_last_run_timestamp_seconds When the last run of blobtool check ended.
                # TYPE blobstore_check_last_run_timestamp_seconds gauge
                blobstore_check_last_run_timestamp_seconds 1700000000
                blobstore_check_last_run_timestamp_seconds{feed="npm"} 1700000000
                # HELP blobstore_check_last_good_timestamp_seconds When the last good run of blobtool check ended.
                # TYPE blobstore_check_last_good_timestamp_seconds gauge
                blobstore_check_last_good_timestamp_seconds{feed="npm"} 1700000000
                # HELP blobstore_check_complete Whether the last run could look at everything: 1, or else 0.
                # TYPE blobstore_check_complete gauge
                blobstore_check_complete 0
                blobstore_check_complete{feed="npm"} 1
                # HELP blobstore_check_errors Errors.
                # TYPE blobstore_check_errors gauge
                blobstore_check_errors 3
                blobstore_check_errors{feed="npm"} 3
                # HELP blobstore_check_fresh_ratio A\\\\share\\nof it.
                # TYPE blobstore_check_fresh_ratio gauge
                blobstore_check_fresh_ratio{feed="npm"} 0.75

                """)
    }

    @Test("a label is escaped, and what is no number is said as Prometheus says it")
    func escaping() {
        var page = MetricsText()
        page.gauge("m", help: "h", [.init(feed: "a\"b\\c\nd", value: .number(.nan))])
        page.gauge("n", help: "h", [])
        #expect(page.text == "# HELP m h\n# TYPE m gauge\nm{feed=\"a\\\"b\\\\c\\nd\"} NaN\n")
        #expect(MetricValue.number(-.infinity).description == "-Inf" && MetricValue.number(1e-7).description == "1e-07")
    }

    @Test("a feed that is not good keeps the time at which it was, through any number of runs")
    func kept() throws {
        let npm = try FeedName("npm")
        var file = text([good(nil), good(npm)])
        for time in [1_700_000_100, 1_700_000_200] as [Int64] {
            file = text([good(nil), bad(npm)], after: file, at: time)
            #expect(lastGood(file) == [" \(time)", "{feed=\"npm\"} 1700000000"])
        }
        #expect(lastGood(text([good(nil), good(npm)], after: file, at: 1_700_000_300)).last?.hasSuffix("0300") == true)
    }

    @Test("what a run did not tell of keeps its time, unless the run saw all feeds and it is none")
    func untold() throws {
        let file = text([good(nil), good(try FeedName("npm")), good(try FeedName("pypi"))])
        let unseen = UpkeepMetrics.Subject(nil, isComplete: false, isGood: false)
        #expect(lastGood(text([unseen], after: file)) == lastGood(file))
        #expect(lastGood(text([bad(try FeedName("npm"))], after: file)) == lastGood(file))
        #expect(lastGood(text([good(nil), bad(try FeedName("npm"))], after: file)).count == 2)
    }

    @Test(
        "a line that no run has written gives no time",
        arguments: [
            "{feed=\"npm\"} 1700000001", "{feed=\"npm\"} -1", "{feed=\"npm\"} 1e9", "{feed=\"npm\"} x",
            "{feed=\"NPM\"} 1", "{feed=\"a\",x=\"b\"} 1", "{job=\"npm\"} 1", "{feed=\"} 1", "{feed=\"npm\"} 1 2", "x 1",
            " 99999999999999999999", "", " ",
        ])
    func foreign(_ rest: String) throws {
        let file = "blobstore_check_last_good_timestamp_seconds\(rest)\nother 1\n"
        #expect(lastGood(text([bad(try FeedName("npm"))], after: file)) == [])
    }

    @Test("of a feed that could not be looked at there are no numbers, and no zeros either")
    func unknown() throws {
        let builder = CheckReportBuilder()
        var total = CheckOperation.Summary()
        total.complete = false
        total.errors = 1
        builder.add(.incomplete(try FeedName("npm"), StoreError(.unavailable, "no answer"), packages: []))
        let report = builder.report(
            by: "blobtool", root: "file:///x", level: "all", freshWithin: .zero, started: now, seconds: 0, total: total)
        let lines = report.metrics(ended: now, coversAll: true).text().split(separator: "\n")
        #expect(lines.filter { $0.contains("{feed=\"npm\"}") }.map { $0.prefix { $0 != "{" } }.count == 2)
        #expect(lines.contains("blobstore_check_complete{feed=\"npm\"} 0"))
        #expect(lines.contains("blobstore_check_complete 1") && lines.contains("blobstore_check_errors 1"))
    }
}

import BlobStore
import Testing

@testable import BlobTerminal

@Suite struct ReportTests {
    /// A report of a real check of a damaged feed.
    private func damagedReport(content: ContentLevel = .none) async throws -> CheckReport {
        let storage = MemoryStorage()
        let opener = OneStorage(storage)
        let store = try await PackageStore.create(RootURL("/memory"), node: NodeName("n"), with: opener).store
        _ = try await store.createFeed(FeedName("npm"), root: RootURL("/feed"))
        let feed = try await store.feed("npm")
        for path in ["<b>&amp;\"'.tgz", "good.tgz"] {
            _ = try await feed.publish(ObjectSource(Array(path.utf8)).read(), at: PackagePath(path), by: "x")
        }
        let gone = try Digest(of: Array("<b>&amp;\"'.tgz".utf8))
        try await opener.feed.removeObject(Key("blobs/sha256/\(gone.hex.prefix(2))/\(gone.hex)"))
        _ = try await opener.feed.writeObject(Key("blobs/sha256/stray"), ObjectSource([1]))
        let builder = CheckReportBuilder()
        let total = try await CheckOperation(store, .init(content: content)) { builder.add($0) }.run()
        return builder.report(
            by: "blobtool 1 on web-1", root: "file:///memory", level: "none", freshWithin: .seconds(30 * 86_400),
            started: Timestamp(seconds: 0),
            seconds: 1.5, total: total)
    }

    @Test("the JUnit report has one test for each kind, by one name whether it passes or fails")
    func junit() async throws {
        let text = JUnitReport(try await damagedReport()).text
        // Each kind of finding is one, and whether all was looked at is one more.
        let tests = Finding.Kind.allCases.count + 1
        #expect(text.contains("<testsuite name=\"npm\" tests=\"\(tests)\" failures=\"1\" errors=\"0\""))
        #expect(text.contains("<testcase classname=\"npm\" name=\"no missing-blob\" time=\"0\">\n      <failure"))
        #expect(text.contains("package: &lt;b&gt;&amp;amp;&quot;&#39;.tgz"))
        #expect(text.contains("<failure type=\"missing-blob\""))
        #expect(text.contains("<testcase classname=\"npm\" name=\"no size-mismatch\" time=\"0\"/>"))
        #expect(text.contains("<system-out>warning: blobs/sha256/stray"))
        #expect(!text.contains("<b>"))
    }

    @Test("each feed's suite in the JUnit report has the time that the feed took, and the whole has its own")
    func times() throws {
        let builder = CheckReportBuilder()
        builder.add(.finished(try FeedName("npm"), .init(), time: .milliseconds(2_250)))
        builder.add(.finished(try FeedName("maven"), .init(), time: .seconds(3)))
        let report = builder.report(
            by: "blobtool 1 on web-1", root: "file:///x", level: "all", freshWithin: .seconds(1),
            started: Timestamp(seconds: 0), seconds: 5.5,
            total: .init())
        let times = JUnitReport(report).text.split(separator: "\n").filter { $0.contains("<testsuite") }
            .map { $0.split(separator: " ").last }
        #expect(times == ["time=\"5.500\">", "time=\"2.250\">", "time=\"3.000\">"])
    }

    @Test("the HTML report names the verdict, the damaged package and what is beside it, and escapes all names")
    func html() async throws {
        let text = HTMLReport(try await damagedReport()).text
        #expect(text.contains("<h1>Damaged</h1>"))
        #expect(text.contains("1 error in 1 package."))
        #expect(text.contains("&lt;b&gt;&amp;amp;&quot;&#39;.tgz"))
        #expect(text.contains("<b class=\"error\""))
        #expect(text.contains("<a href=\"#feed-npm\">npm</a>") && text.contains("<section id=\"feed-npm\">"))
        #expect(text.contains("<h3>blobs/sha256/stray</h3>"))
        #expect(text.contains("blobtool 1 on web-1"))
        #expect(!text.contains("<b>&amp;amp;") && !text.contains("<script"))
    }

    @Test("the HTML report tells for each kind that was found what to do, with the command for each feed")
    func remedies() async throws {
        let text = HTMLReport(try await damagedReport()).text
        #expect(text.contains("<a href=\"#missing-blob\">") && text.contains("<span id=\"missing-blob\">"))
        #expect(text.contains("<code>blobtool repair npm --dry-run</code>"))
        #expect(text.contains("<span id=\"unexpected-object\">") && !text.contains("id=\"corrupt-blob\""))
        #expect(Remedy.all.flatMap(\.kinds).map(\.rawValue).sorted() == Finding.Kind.allCases.map(\.rawValue).sorted())
    }

    @Test("an incomplete check is neither sound nor merely damaged, in both reports")
    func incomplete() {
        let builder = CheckReportBuilder()
        builder.add(.incomplete(nil, StoreError(.unavailable, "the server did not answer"), packages: []))
        var total = CheckOperation.Summary()
        total.complete = false
        let report = builder.report(
            by: "blobtool 1 on web-1", root: "file:///x", level: "all", freshWithin: .seconds(30 * 86_400),
            started: Timestamp(seconds: 0),
            seconds: 0, total: total)
        #expect(HTMLReport(report).text.contains("<h1>Incomplete</h1>"))
        #expect(JUnitReport(report).text.contains("<error type=\"incomplete\" message=\"the server did not answer\"/>"))
    }

    @Test("what a check did not look at is skipped with the reason, and never passed")
    func skipped() async throws {
        let text = JUnitReport(try await damagedReport()).text
        #expect(text.contains("name=\"no corrupt-blob\" time=\"0\">\n      <skipped message=\"no content was read"))
        #expect(text.contains("errors=\"0\" skipped=\"1\""))
        let builder = CheckReportBuilder()
        builder.add(.incomplete(try FeedName("npm"), StoreError(.wrongRoot, "there is no root"), packages: []))
        let gone = JUnitReport(
            builder.report(
                by: "blobtool 1 on web-1", root: "file:///x", level: "all", freshWithin: .zero,
                started: Timestamp(seconds: 0), seconds: 0,
                total: CheckOperation.Summary())
        ).text
        #expect(
            gone.count(of: "<skipped message=\"not everything could be checked: there is no root\"/>")
                == Finding.Kind.allCases.count)
        #expect(!gone.contains("time=\"0\"/>"))
    }

    @Test("content of which only a part was read or is fresh is not told as free of damage; all of it is")
    func partlyRead() throws {
        for (read, fresh, isSkipped) in [(11, 11, true), (88, 88, false), (11, 88, false), (88, 11, false)] {
            let builder = CheckReportBuilder()
            var summary = CheckOperation.Summary()
            (summary.bytes, summary.bytesRead, summary.freshBytes) = (88, Int64(read), Int64(fresh))
            builder.add(.finished(try FeedName("npm"), summary, time: .seconds(1)))
            let report = builder.report(
                by: "x", root: "file:///x", level: "10%", freshWithin: .seconds(1), started: Timestamp(seconds: 0),
                seconds: 1, total: summary)
            let text = JUnitReport(report).text
            #expect(text.contains("<skipped message=\"only a part of the content") == isSkipped, "\(read), \(fresh)")
        }
    }

    @Test("two paths that look alike are two packages, and damage of the server root itself is mended by hand")
    func alike() throws {
        let builder = CheckReportBuilder()
        for path in ["caf\u{E9}", "cafe\u{301}"] {
            builder.add(.finding(Finding(.missingBlob, feed: try FeedName("npm"), key: "k", packages: [path], "gone")))
        }
        builder.add(.finding(Finding(.badRecord, feed: nil, key: "catalog/npm.json", "garbled")))
        var total = CheckOperation.Summary()
        total.errors = 3
        let report = builder.report(
            by: "x", root: "file:///x", level: "all", freshWithin: .seconds(1), started: Timestamp(seconds: 0),
            seconds: 1, total: total)
        let text = HTMLReport(report).text
        #expect(text.contains("3 errors in 2 packages."))
        #expect(text.count(of: "<h3>caf") == 2)
        #expect(text.contains("Restore the file from a backup of the root.") && !text.contains("--from BACKUP"))
    }

    @Test("content that is missing is no content that was found good")
    func freshness() async throws {
        let report = try await damagedReport(content: .all)
        let (good, gone) = (Int64("good.tgz".utf8.count), Int64("<b>&amp;\"'.tgz".utf8.count))
        #expect(report.total.freshBytes == good && report.total.missingBytes == gone)
        #expect(report.total.freshShare == Double(good) / Double(good + gone))
        #expect(!HTMLReport(report).text.contains("100% were read"))
    }

    @Test("more findings than a report keeps are counted")
    func bounded() {
        let builder = CheckReportBuilder()
        for number in 0..<(CheckReport.maximumEntries + 5) {
            builder.add(.incomplete(nil, StoreError(.unavailable, "\(number)"), packages: []))
        }
        let report = builder.report(
            by: "x", root: "", level: "", freshWithin: .zero, started: Timestamp(seconds: 0), seconds: 0,
            total: CheckOperation.Summary())
        #expect(report.omitted == 5)
        #expect(HTMLReport(report).text.contains("5 more that are counted but not listed"))
    }

    @Test("what is counted but not listed is in the table, the chart and the JUnit report all the same")
    func beyondTheList() throws {
        let builder = CheckReportBuilder()
        let (npm, late) = (try FeedName("npm"), try FeedName("late"))
        for number in 0..<(CheckReport.maximumEntries + 5) {
            builder.add(.finding(Finding(.orphanBlob, feed: npm, key: "\(number)", "x")))
        }
        for _ in 0..<7 { builder.add(.finding(Finding(.missingBlob, feed: late, key: "k", "gone"))) }
        let report = builder.report(
            by: "x", root: "", level: "", freshWithin: .zero, started: Timestamp(seconds: 0), seconds: 0,
            total: CheckOperation.Summary())
        let html = HTMLReport(report).text
        #expect(html.contains("<span>10,005</span>") && html.contains("<span>7</span>"))
        #expect(html.contains("data-name=\"errors\">7</td>") && html.contains("<i class=\"damaged\">damaged</i>"))
        #expect(html.contains("12 more findings are counted but not listed"))
        let junit = JUnitReport(report).text
        #expect(junit.contains("<failure type=\"missing-blob\" message=\"7 findings, counted but not listed\">"))
    }

    @Test("marks that turn writing around and control bytes are written out in both reports")
    func marks() throws {
        let builder = CheckReportBuilder()
        let name = "a\u{202e}gpj.\u{2066}\u{200f}\u{1b}[31m\u{85}.exe"
        let message = "the content of \(name) is gone"
        builder.add(
            .finding(Finding(.missingBlob, feed: try FeedName("npm"), key: name, packages: [name], message)))
        let report = builder.report(
            by: "x", root: "file:///\(name)", level: "", freshWithin: .zero, started: Timestamp(seconds: 0), seconds: 0,
            total: CheckOperation.Summary())
        for text in [HTMLReport(report).text, JUnitReport(report).text] {
            #expect(text.contains("a\\u{202E}gpj.\\u{2066}\\u{200F}\\u{1B}[31m\\u{0085}.exe"))
            #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.isControl })
        }
    }
}

extension String {
    /// How often a text stands in it.
    fileprivate func count(of text: String) -> Int { ranges(of: text).count }
}

/// A server root and a feed root in memory.
private struct OneStorage: StorageOpener {
    let server: MemoryStorage
    let feed = MemoryStorage()

    var schemes: StorageSchemes { StorageSchemes([]) }

    init(_ server: MemoryStorage) { self.server = server }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        switch url.description {
        case "file:///feed": feed
        case "file:///memory": server
        default: throw StoreError(.notFound, "there is nothing at \(url)")
        }
    }
    func create(_ url: RootURL, inside _: RootURL?) async throws(StoreError) -> any Storage { try await open(url) }
}

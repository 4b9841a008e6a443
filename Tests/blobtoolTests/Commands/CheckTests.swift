import BlobStore
import FoundationEssentials
import Testing

struct CheckTests {
    @Test("a good root has a summary for each feed and one over all")
    func good() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        let lines = try await scratch.json("check", "--content", "all").succeeded().lines
        #expect(lines.map { $0["feed"] } == ["npm", "pypi", nil])
        #expect(lines.allSatisfy { $0.type == "summary" && $0["command"] == "check" && $0[bool: "complete"] == true })
        let total = try #require(lines.last)
        for (field, value) in [
            ("packages", 1), ("blobs", 1), ("bytes", 6), ("bytesRead", 6), ("errors", 0), ("warnings", 0),
        ] as [(String, Int64)] {
            #expect(total[number: field] == value, "\(field)")
        }
    }

    @Test("each damage is named with its kind and packages, exits 1, and stands in the reports")
    func damage() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        var digests: [String: String] = [:]
        for name in ["flipped", "cut", "gone", "garbled", "good"] {
            let pushed = try await scratch.json("push", "npm", "-", "--as", name, input: "content of \(name)")
            digests[name] = try pushed.line("published")["digest"]
        }
        try scratch.write(scratch.blob("npm", digest: digests["flipped"] ?? ""), "Content of flipped")
        try scratch.write(scratch.blob("npm", digest: digests["cut"] ?? ""), "cont")
        let gone = "\(scratch.path)/\(scratch.blob("npm", digest: digests["gone"] ?? ""))"
        try FileManager.default.removeItem(atPath: gone)
        try scratch.write("root/feeds/npm/packages/garbled.json", "{\"format\":1,")
        let result = try await scratch.json("check", "--content", "all", "--junit", "c.xml", "--html", "c.html")
        #expect(result.status == 1)
        let errors = try result.lines.filter { $0.type == "finding" && $0["severity"] == "error" }
        let kinds = Dictionary(grouping: errors) { $0["kind"] ?? "" }.mapValues { $0.flatMap(\.packages) }
        #expect(
            kinds == [
                "corrupt-blob": ["flipped"], "size-mismatch": ["cut"], "missing-blob": ["gone"],
                "bad-record": ["garbled"],
            ])
        for finding in errors {
            #expect(finding["feed"] == "npm")
            #expect(finding["key"]?.isEmpty == false)
            #expect(finding["message"]?.isEmpty == false)
        }
        for report in ["c.xml", "c.html"] {
            for name in ["flipped", "cut", "gone", "garbled"] { #expect(scratch.read(report)?.contains(name) == true) }
        }
        #expect(try await scratch.json("check", "--content", "none").lines.last?[number: "errors"] == 3)
    }

    @Test("a root that cannot be read is incomplete: neither damaged nor healthy")
    func unreadable() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try FileManager.default.removeItem(atPath: scratch.root)
        let result = try await scratch.json("check", "--junit", "c.xml")
        #expect(result.status == 2)
        #expect(try result.line("summary")[bool: "complete"] == false)
        #expect(scratch.read("c.xml") != nil)
    }

    @Test("a feed whose root is gone makes the check incomplete, which beats damage")
    func incompleteFeed() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        let pushed = try await scratch.json("push", "npm", "-", "--as", "a", input: "x").line("published")
        let blob = scratch.blob("npm", digest: pushed["digest"] ?? "")
        try FileManager.default.removeItem(atPath: "\(scratch.path)/\(blob)")
        try FileManager.default.removeItem(atPath: scratch.place("pypi"))
        let result = try await scratch.json("check")
        #expect(result.status == 2)
        let kinds = try Set(result.lines.compactMap { $0["kind"] })
        #expect(kinds.isSuperset(of: ["missing-blob", "wrong-root"]))
        #expect(try result.lines.last?[bool: "complete"] == false)
    }

    @Test("warnings make exit code 1 only with --strict")
    func strict() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("root/feeds/npm/notes.txt", "mine")
        let lines = try await scratch.json("check").succeeded().lines
        #expect(lines.contains { $0["kind"] == "unexpected-object" && $0["severity"] == "warning" })
        #expect(try await scratch.run("check", "--strict").status == 1)
    }

    @Test("a dry run says how much there is to read, and reads nothing")
    func dryRun() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        let result = try await scratch.json("check", "npm", "--content", "all", "--dry-run").succeeded()
        #expect(try result.line("plan")[number: "bytes"] == 6)
        #expect(try result.lines.allSatisfy { $0[bool: "dryRun"] == true && $0["freshBytes"] == nil })
        #expect(try result.lines.last?[number: "bytesRead"] == 0)
    }

    @Test("each report says what share of the bytes was verified not long ago")
    func fresh() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        #expect(try await scratch.json("check").lines.last?[number: "freshBytes"] == 0)
        try await scratch.run("check", "--content", "unverified:30d").succeeded()
        try await scratch.run("push", "npm", "-", "--as", "b", input: "12").succeeded()
        let total = try #require(try await scratch.json("check", "--html", "c.html").succeeded().lines.last)
        #expect(total[number: "freshBytes"] == 6 && total[number: "freshWithinSeconds"] == 30 * 86_400)
        #expect(total.fields["freshShare"] == .number(0.75) && total[bool: "dryRun"] == false)
        let sentence = "Of all bytes of content 75% were read and found good within 30d."
        #expect(scratch.read("c.html")?.contains(sentence) == true)
        #expect(try await scratch.run("check").succeeded().output.contains(sentence))
        let garbled = "root/feeds/npm/checks/ledger.json"
        try scratch.write(garbled, "{")
        #expect(try await scratch.json("check").succeeded().lines.last?[number: "freshBytes"] == 0)
    }

    @Test("whatever stands in the ledger's place, the check is whole, and proves nothing", arguments: [false, true])
    func oddLedger(isLink: Bool) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        let place = "\(scratch.place("npm"))/checks"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        if isLink {
            try FileManager.default.createSymbolicLink(
                atPath: place + "/ledger.json", withDestinationPath: "/etc/hostname")
        } else {
            try scratch.write("root/feeds/npm/checks/ledger.json/file", "x")
        }
        for _ in 0..<2 {
            let lines = try await scratch.json("check", "--content", "unverified:30d").succeeded().lines
            #expect(lines.last?[number: "bytesRead"] == 6 && lines.last?[bool: "complete"] == true)
            #expect(lines.contains { $0["key"]?.hasPrefix("checks/ledger.json") == true })
        }
    }

    @Test("levels that are none exit 64", arguments: ["some", "0%", "8/7", "unverified:x"])
    func levels(level: String) async throws {
        #expect(try await Tool.run("check", "--content", level).status == 64)
    }
}

extension Line {
    /// The packages that a finding affects.
    fileprivate var packages: [String] {
        guard case .array(let values) = fields["packages"] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}

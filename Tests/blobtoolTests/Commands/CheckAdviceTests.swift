import BlobStore
import FoundationEssentials
import Testing

@Suite("What check says about roots and their catalog")
struct CheckAdviceTests {
    /// But for modes: other tests change what files are made with.
    private func findings(_ result: Tool.Result) throws -> [String] {
        try result.lines.filter { $0.type == "finding" && $0["kind"] != "permissions" }.map { line in
            "\(line["severity"] ?? "?") \(line["kind"] ?? "?") \(line["key"] ?? "?")"
        }.sorted()
    }

    private func replace(_ name: String, _ old: String, _ new: String, in scratch: Scratch) throws {
        try scratch.write(name, try #require(scratch.read(name)).replacing(old, with: new))
    }

    @Test(
        "a garbled record of the catalog, or a link in its place, is damage; its feed stays", arguments: [false, true])
    func garbledCatalog(isLink: Bool) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        try scratch.write("root/elsewhere/file", "x")
        let record = "\(scratch.root)/catalog/npm.json"
        try FileManager.default.removeItem(atPath: record)
        if isLink {
            try FileManager.default.createSymbolicLink(atPath: record, withDestinationPath: "pypi.json")
        } else {
            try scratch.write("root/catalog/npm.json", "{\"format\":1,")
        }
        let result = try await scratch.json("check")
        #expect(result.status == 2)
        #expect(try findings(result) == ["error bad-record catalog/npm.json", "warning unexpected-object elsewhere/"])
        let advice = try result.lines.first { $0["key"] == "elsewhere/" }?["message"] ?? ""
        #expect(advice.contains("leave it until"), "\(advice)")
    }

    @Test(
        "a link that may lead to a feed is named, and nobody is told to remove it", arguments: ["feeds", "feeds/npm"])
    func linkToAFeed(name: String) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let moved = "\(scratch.root)-moved"
        try FileManager.default.moveItem(atPath: "\(scratch.root)/\(name)", toPath: moved)
        try FileManager.default.createSymbolicLink(atPath: "\(scratch.root)/\(name)", withDestinationPath: moved)
        let result = try await scratch.json("check")
        #expect(result.status == 2)
        let findings = try result.lines.filter { $0.type == "finding" }
        let advice = findings.compactMap { $0["message"] }.filter { $0.contains("symbolic link") }
        #expect(!advice.isEmpty && advice.allSatisfy { $0.contains("--feed-root") && !$0.contains("remove it") })
    }

    @Test("a feed's own root inside of the server root is known for what it is")
    func nested() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "x").succeeded()
        try scratch.write("root/mine/other.txt", "x")
        try FileManager.default.moveItem(atPath: scratch.place("npm"), toPath: "\(scratch.root)/mine/npm")
        try replace(
            "root/catalog/npm.json", "\"feed\":\"npm\"",
            "\"feed\":\"npm\",\"root\":\"file://\(scratch.root)/mine/npm\"", in: scratch)
        #expect(try findings(await scratch.json("check").succeeded()) == [])
    }

    @Test("empty folders that a deleted feed left are no finding, and a root without a record is told as one")
    func skeletons() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        for folder in ["feeds/gone/blobs/sha256/00", "feeds/gone/packages", "old/empty"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch.root)/\(folder)", withIntermediateDirectories: true)
        }
        #expect(try findings(await scratch.json("check").succeeded()) == [])
        try FileManager.default.removeItem(atPath: "\(scratch.root)/catalog/npm.json")
        let result = try await scratch.json("check").succeeded()
        #expect(try findings(result) == ["info unexpected-object feeds/npm/"])
        #expect(result.output.contains("creation did not finish"))
        try await scratch.run("push", "pypi", "-", "--as", "a", input: "x").succeeded()
        try FileManager.default.removeItem(atPath: "\(scratch.root)/catalog/pypi.json")
        let lost = try await scratch.json("check")
        #expect(lost.status == 2)
        #expect(lost.output.contains("restore the record from a backup"))
    }

    @Test(
        "a root marker that is garbled, or of a newer version, is a finding that names the root",
        arguments: [("{\"format\":1,", "bad-record"), ("{\"format\":9,\"revision\":\"x\"}", "wrong-root")],
        ["root", "root/feeds/npm"])
    func markers(marker: (text: String, kind: String), place: String) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        try scratch.write("\(place)/root.json", marker.text)
        let result = try await scratch.json("check")
        #expect(result.status == 2)
        let finding = try #require(try result.lines.first { $0.type == "finding" && $0["kind"] != "permissions" })
        #expect(finding["kind"] == marker.kind && finding["severity"] == "error")
        #expect(finding["message"]?.contains("\(scratch.path)/\(place) ") == true, "\(finding)")
        #expect(try result.lines.last?[bool: "complete"] == false)
    }

    @Test("a link in the place of a record, or of a folder of records, is damage: what it hides is unknown")
    func links() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for path in ["a", "b", "lib/c"] {
            try await scratch.run("push", "npm", "-", "--as", path, input: "of \(path)").succeeded()
        }
        for name in ["a.json", "lib"] {
            let place = "\(scratch.place("npm"))/packages/\(name)"
            try FileManager.default.moveItem(atPath: place, toPath: "\(scratch.path)/\(name)")
            try FileManager.default.createSymbolicLink(
                atPath: place, withDestinationPath: "\(scratch.path)/\(name)")
        }
        let result = try await scratch.json("check")
        #expect(result.status == 1)
        #expect(try findings(result) == ["error bad-record packages/a.json", "error bad-record packages/lib"])
        #expect(try result.lines.first { $0["key"] == "packages/a.json" }?.fields["packages"] == .array([.string("a")]))
        #expect(try await scratch.run("gc").status == 2)
    }
}

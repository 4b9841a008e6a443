import Testing

@Suite("Old versions are deleted by a command")
struct RetainTests {
    /// A feed whose versions were published in different seconds.
    private func scene() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for (version, path) in ["a/1/x", "a/1/y", "a/2/x", "a/3/x", "b/1"].enumerated() {
            try await scratch.run("push", "npm", "-", "--as", path, input: path).succeeded()
            let file = "root/feeds/npm/packages/\(path).json"
            let record = try #require(scratch.read(file))
            let time = "\"published\":\"2026-01-0\(version + 1)T00:00:00Z\""
            try scratch.write(file, record.replacing(/"published":"[^"]*"/, with: time))
        }
        return scratch
    }

    private func paths(_ result: Tool.Result) throws -> [String] {
        try result.lines.filter { $0.type == "expired" }.compactMap { $0["path"] }.sorted()
    }

    @Test("a dry run says what goes and why; the run deletes it, and restore brings it back")
    func retain() async throws {
        let scratch = try await scene()
        let none = try await scratch.json("retain", "npm")
        #expect(try none.status == 2 && none.line("error")["message"]?.contains("--retain") == true)
        let preview = try await scratch.json("retain", "npm", "--retain", "*=2", "--dry-run").succeeded()
        #expect(try paths(preview) == ["a/1/x", "a/1/y"])
        let line = try #require(try preview.lines.first { $0.type == "expired" })
        #expect(line["folder"] == "a/" && line["child"] == "a/1/" && line["rule"] == "*=2")
        #expect(line["latest"] == "2026-01-02T00:00:00Z" && line[bool: "dryRun"] == true)
        let set = try await scratch.json("feed", "set", "npm", "--retain", "*=2", "--retain", "x/**=1").line("feed")
        #expect(set.fields["retain"] != nil)
        #expect(try await scratch.run("feed", "show", "npm").output.contains("retains  *=2, x/**=1"))
        let done = try await scratch.json("retain", "npm", "--by", "carol").succeeded()
        #expect(try paths(done) == ["a/1/x", "a/1/y"] && done.line("summary")[number: "expired"] == 2)
        #expect(try await scratch.run("ls", "npm").output == "a/2/x\na/3/x\nb/1\n")
        #expect(try await scratch.json("log", "npm", "a/1/x").lines.first?["by"] == "retention (carol)")
        try await scratch.run("restore", "npm", "a/1/x").succeeded()
        let again = try await scratch.run("retain", "npm").succeeded()
        #expect(again.output.contains("removed 0 old packages"))
        #expect(
            try await scratch.run("feed", "set", "npm", "--retain", "none").succeeded().output.contains("retains")
                == false)
        #expect(try await scratch.run("feed", "set", "npm", "--retain", "x").status == 64)
    }

    @Test("of a folder in which a record cannot be read nothing goes, and the command exits with 2")
    func incomplete() async throws {
        let scratch = try await scene()
        try scratch.write("root/feeds/npm/packages/a/1/z.json", "{")
        let result = try await scratch.json("retain", "npm", "--retain", "*=1")
        #expect(result.status == 2)
        #expect(try result.line("summary")[bool: "complete"] == false)
        #expect(try result.line("summary")[number: "skipped"] == 1 && paths(result) == [])
    }

    @Test("on a terminal it needs --yes, and without it says how much would go")
    func terminal() async throws {
        let scratch = try await scene()
        let refused = try await scratch.shell("script -qec \"'$0' retain npm --retain '*=1'\" /dev/null")
        #expect(refused.status == 2 && refused.output.contains("3 packages") && refused.output.contains("--yes"))
        #expect(try await scratch.json("ls", "npm").succeeded().lines.count == 5)
        #expect(try await scratch.shell("script -qec \"'$0' retain npm --retain '*=1' --yes\" /dev/null").status == 0)
        #expect(try await scratch.json("ls", "npm").succeeded().lines.count == 2)
    }

    @Test("nodes are asked for it as for other jobs")
    func job() async throws {
        let scratch = try await scene()
        let job = try await scratch.json("cluster", "run", "retention", "npm").succeeded().line("job")
        #expect(job["kind"] == "retention" && job["feed"] == "npm" && job["state"] == "waiting")
    }
}

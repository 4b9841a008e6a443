import FoundationEssentials
import Testing

/// A dry run says what the command would come to, and leaves every file as it is.
struct DryRunTests {
    /// What stands where, with its content.
    private func state(_ scratch: Scratch) throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try scratch.files("root").map { ($0, scratch.read("root/\($0)") ?? "") })
    }

    private func run(_ scratch: Scratch, _ arguments: String..., input: String = "") async throws -> Tool.Result {
        let before = try state(scratch)
        let result = try await scratch.json(arguments + ["--dry-run"], input: input)
        #expect(try state(scratch) == before)
        #expect(try result.lines.allSatisfy { $0.type == "error" || $0[bool: "dryRun"] == true })
        return result
    }

    @Test("push says what would be published, what is there, and what would fail")
    func push() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["new", "same", "other", "lost", "garbled"] { try scratch.write("tree/\(name)", name) }
        for (path, content) in [("same", "same"), ("other", "before"), ("lost", "lost")] {
            let pushed = try await scratch.json("push", "npm", "-", "--as", path, input: content).line("published")
            guard path == "lost" else { continue }
            try FileManager.default.removeItem(
                atPath: "\(scratch.path)/\(scratch.blob("npm", digest: pushed["digest"] ?? ""))")
        }
        try scratch.write("root/feeds/npm/packages/garbled.json", "{\"format\":1,")
        let result = try await run(scratch, "push", "npm", "-r", "tree")
        #expect(result.status == 1)
        let outcomes = try result.lines.filter { $0.type == "published" }.map {
            ["\($0["path"] ?? "")", $0["outcome"]]
        }
        #expect(
            Set(outcomes) == [["new", "created"], ["same", "unchanged"], ["lost", "healed"], ["garbled", "healed"]])
        #expect(try result.line("error")["code"] == "alreadyExists")
        let summary = try result.line("summary")
        for (field, value) in [("published", 3), ("unchanged", 1), ("failed", 1), ("bytes", 18)] as [(String, Int64)] {
            #expect(summary[number: field] == value, "\(field)")
        }
        try await scratch.run("feed", "set", "npm", "--mutable").succeeded()
        let replaced = try await run(scratch, "push", "npm", "tree/other").succeeded()
        #expect(try replaced.line("published")["outcome"] == "replaced")
    }

    @Test("push reads standard input, and finds that the digest is another")
    func pushPipe() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let published = try await run(scratch, "push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        #expect(
            try published.line("published")["digest"]
                == "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        let wrong = "sha256:" + String(repeating: "0", count: 64)
        let refused = try await run(scratch, "push", "npm", "-", "--as", "a", "--digest", wrong, input: "hello\n")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["code"] == "digestMismatch")
    }

    @Test("rm says what would be deleted, and what is not there")
    func remove() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "b", "gone"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded()
        }
        try await scratch.run("rm", "npm", "gone").succeeded()
        let result = try await run(scratch, "rm", "npm", "a", "b", "gone", "never")
        #expect(result.status == 1)
        #expect(try Set(result.lines.compactMap { $0.type == "removed" ? $0["path"] : nil }) == ["a", "b", "gone"])
        // What is deleted already counts as done, so that the same command can be given again.
        #expect(try result.lines.first { $0["path"] == "gone" }?["outcome"] == "unchanged")
        #expect(try result.lines.filter { $0["code"] == "notFound" }.count == 1)
        #expect(try result.line("summary")[number: "removed"] == 3)
        #expect(try result.line("summary")[number: "failed"] == 1)
    }

    @Test("export says what would be written, and what stands in its way or is missing")
    func export() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["new", "same", "other", "lost"] {
            let pushed = try await scratch.json("push", "npm", "-", "--as", name, input: name).line("published")
            guard name == "lost" else { continue }
            try FileManager.default.removeItem(
                atPath: "\(scratch.path)/\(scratch.blob("npm", digest: pushed["digest"] ?? ""))")
        }
        try scratch.write("out/same", "same")
        try scratch.write("out/other", "mine")
        let result = try await run(scratch, "export", "npm", "out")
        #expect(result.status == 1)
        #expect(try Set(result.lines.compactMap { $0["code"] }) == ["alreadyExists", "notFound"])
        let summary = try result.line("summary")
        for (field, value) in [("exported", 1), ("unchanged", 1), ("failed", 2), ("bytes", 7)] as [(String, Int64)] {
            #expect(summary[number: field] == value, "\(field)")
        }
        #expect(result.errors.contains("would be exported  new\n"))
        #expect(try result.lines.filter { $0.type == "exported" }.map { $0["path"] } == ["new"])
        #expect(try scratch.files("out") == ["other", "same"])
        _ = try await run(scratch, "export", "npm", "missing")
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/missing"))
    }

    @Test("import, gc and the move of a server root print their items, as a dry run's")
    func items() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["new", "same", "other"] { try scratch.write("tree/\(name)", name) }
        for (path, content) in [("p/same", "same"), ("p/other", "before")] {
            try await scratch.run("push", "npm", "-", "--as", path, input: content).succeeded()
        }
        let imported = try await run(scratch, "import", "npm", "tree", "--prefix", "p")
        #expect(imported.status == 1)
        let items = try imported.lines.filter { $0.type == "imported" }
        #expect(Set(items.map { [$0["path"], $0["outcome"]] }) == [["p/new", "created"], ["p/same", "unchanged"]])
        #expect(items.allSatisfy { $0[bool: "dryRun"] == true && $0[number: "size"] != nil })
        let moved = try await run(scratch, "migrate", "--server", "--to", scratch.path + "/moved").succeeded()
        #expect(try moved.line("migrated")["feed"] == "npm")
        let orphan = scratch.blob("npm", digest: "sha256:" + String(repeating: "0", count: 64))
        try scratch.write(orphan, "orphan")
        _ = try await scratch.shell("touch -d '9 days ago' \(orphan)").succeeded()
        #expect(try await scratch.json("gc", "npm").succeeded().line("garbage")[bool: "dryRun"] == true)
        let collected = try await scratch.json("gc", "npm", "--delete", "--max-delete", "100%").succeeded()
        #expect(try collected.line("garbage").fields["dryRun"] == nil)
    }

    @Test("feed delete says how much would go, and is refused where the command would be")
    func deleteFeed() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "empty")
        for (path, content) in [("a", "hello"), ("b", "hello"), ("c", "x")] {
            try await scratch.run("push", "npm", "-", "--as", path, input: content).succeeded()
        }
        let refused = try await run(scratch, "feed", "delete", "npm")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["code"] == "alreadyExists")
        let summary = try await run(scratch, "feed", "delete", "npm", "--purge").succeeded().line("summary")
        for (field, value) in [("packages", 3), ("blobs", 2), ("bytes", 6)] as [(String, Int64)] {
            #expect(summary[number: field] == value, "\(field)")
        }
        #expect(
            try await run(scratch, "feed", "delete", "empty").succeeded().line("summary")[number: "packages"] == 0)
    }
}

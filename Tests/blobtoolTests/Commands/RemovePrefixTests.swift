import FoundationEssentials
import Testing

@Suite("Packages are removed by the beginning of their paths")
struct RemovePrefixTests {
    private func scene() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for path in ["a/1", "a/2", "a/3", "ab", "b"] {
            try await scratch.run("push", "npm", "-", "--as", path, input: path).succeeded()
        }
        return scratch
    }

    private func removed(_ result: Tool.Result) throws -> [String] {
        try result.lines.filter { $0.type == "removed" }.compactMap { $0["path"] }.sorted()
    }

    private func listed(_ scratch: Scratch) async throws -> [String] {
        try await scratch.run("ls", "npm").output.split(separator: "\n").map(String.init)
    }

    @Test("several go only with --yes, and a dry run shows which; what is deleted already is left alone")
    func several() async throws {
        let scratch = try await scene()
        let refused = try await scratch.json("rm", "npm", "--prefix", "a")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["message"]?.contains("--yes") == true)
        let preview = try await scratch.json("rm", "npm", "--prefix", "a", "--dry-run").succeeded()
        #expect(try removed(preview) == ["a/1", "a/2", "a/3", "ab"])
        #expect(try preview.line("summary")[bool: "dryRun"] == true)
        #expect(try await listed(scratch).count == 5)
        let done = try await scratch.json("rm", "npm", "--prefix", "a/", "--yes", "--jobs", "2").succeeded()
        #expect(try removed(done) == ["a/1", "a/2", "a/3"])
        #expect(try done.line("summary")[number: "removed"] == 3 && done.line("summary")[bool: "dryRun"] == false)
        #expect(try await listed(scratch) == ["ab", "b"])
        #expect(try removed(await scratch.json("rm", "npm", "--prefix", "a/").succeeded()) == [])
        // One alone needs no word.
        #expect(try removed(await scratch.json("rm", "npm", "--prefix", "a").succeeded()) == ["ab"])
        try await scratch.run("restore", "npm", "a/1").succeeded()
        #expect(try await listed(scratch) == ["a/1", "b"])
    }

    @Test("one whose record cannot be read fails and is kept for the next run, and the others go")
    func failed() async throws {
        let scratch = try await scene()
        try scratch.write("root/feeds/npm/packages/a/2.json", "{")
        let result = try await scratch.json("rm", "npm", "--prefix", "a/", "--yes", "--failed", "failed.txt")
        #expect(result.status == 1)
        #expect(try removed(result) == ["a/1", "a/3"])
        #expect(scratch.read("failed.txt") == "a/2\n")
        #expect(try result.line("summary")[number: "failed"] == 1)
    }

    @Test("the packages are named in one way, and a prefix is not empty")
    func usage() async throws {
        let scratch = try await scene()
        for arguments in [
            ["--prefix", ""], ["--prefix", "a", "b"], ["--prefix", "a", "--only", "list"], ["b", "--only", "list"], [],
        ] {
            #expect(try await scratch.run(["rm", "npm", "--yes"] + arguments).status == 64, "\(arguments)")
        }
        #expect(try await listed(scratch).count == 5)
    }
}

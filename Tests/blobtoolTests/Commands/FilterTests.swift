import FoundationEssentials
import Glibc
import Testing

@Suite("Patterns choose what is listed, imported, pushed and exported")
struct FilterTests {
    private let names = ["a.tgz", "a.zip", "d/b.tgz", "d/b.zip", "d/e/c.tgz", "old/a.tgz"]

    private func scene() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in names { try scratch.write("tree/\(name)", name) }
        return scratch
    }

    private func listed(_ scratch: Scratch, _ options: String...) async throws -> [String] {
        let result = try await scratch.run(["ls", "npm"] + options).succeeded()
        return result.output.split(separator: "\n").map(String.init).sorted()
    }

    @Test("ls shows what is included and not excluded, and counts only that against --limit")
    func list() async throws {
        let scratch = try await scene()
        try await scratch.run("import", "npm", "tree").succeeded()
        let packed = try await listed(scratch, "--include", "*.tgz", "--exclude", "old/**")
        #expect(packed == ["a.tgz", "d/b.tgz", "d/e/c.tgz"])
        let named = try await listed(scratch, "--names", "--include", "d/*", "--include", "/*.zip")
        #expect(named == ["a.zip", "d/b.tgz", "d/b.zip"])
        #expect(try await listed(scratch, "--exclude", "a.*", "--limit", "1") == ["d/b.tgz"])
        // The record of what is excluded is not read.
        try scratch.write("root/feeds/npm/packages/old/a.tgz.json", "{")
        #expect(try await scratch.run("ls", "npm").status != 0)
        #expect(try await listed(scratch, "--exclude", "old/").count == 5)
        #expect(try await scratch.run("ls", "npm", "--include", "zzz").succeeded().output == "")
    }

    @Test("import and push -r take the same, by the paths in the feed")
    func importing() async throws {
        let scratch = try await scene()
        try await scratch.run("feed", "create", "other").succeeded()
        let options = ["--prefix", "p", "--include", "p/d/**", "--exclude", "*.zip"]
        let imported = try await scratch.json(["import", "npm", "tree"] + options).succeeded().line("summary")
        #expect(imported[number: "imported"] == 2 && imported[number: "failed"] == 0)
        #expect(try await listed(scratch) == ["p/d/b.tgz", "p/d/e/c.tgz"])
        let pushed = try await scratch.json(["push", "other", "-r", "tree"] + options).succeeded().lines
        #expect(Set(pushed.compactMap { $0["path"] }) == ["p/d/b.tgz", "p/d/e/c.tgz"])
        #expect(try await scratch.run("push", "other", "tree/a.zip", "--include", "*.zip").status == 64)
    }

    @Test("what is excluded is no failure, whatever it is")
    func failures() async throws {
        let scratch = try await scene()
        mkfifo(scratch.path + "/tree/pipe", 0o600)
        symlink("a.zip", scratch.path + "/tree/link")
        try await scratch.run("init", scratch.path + "/tree/inner").succeeded()
        #expect(try await scratch.json("import", "npm", "tree").line("summary")[number: "failed"] == 3)
        let options = ["--exclude", "pipe", "--exclude", "link", "--exclude", "inner/**"]
        let summary = try await scratch.json(["import", "npm", "tree"] + options).succeeded().line("summary")
        #expect(summary[number: "failed"] == 0 && summary[number: "unchanged"] == 6)
        // A part of a folder says nothing of the rest of it.
        let part = try await scratch.json(
            "import", "npm", "tree", "--exclude", "pipe", "--exclude", "link", "--exclude", "inner/*.json")
        #expect(part.status == 1)
    }

    @Test("export writes only what is wanted")
    func export() async throws {
        let scratch = try await scene()
        try await scratch.run("import", "npm", "tree").succeeded()
        let options = ["--include", "*.tgz", "--exclude", "old/", "--prefix", "d/"]
        let summary = try await scratch.json(["export", "npm", "out"] + options).succeeded().line("summary")
        #expect(summary[number: "exported"] == 2)
        #expect(try scratch.files("out") == ["d/b.tgz", "d/e/c.tgz"])
    }

    @Test(
        "a pattern that is wrong is refused with one sentence",
        arguments: [
            ["ls", "npm"], ["import", "npm", "tree"], ["export", "npm", "out"], ["push", "npm", "-r", "tree"],
        ])
    func wrong(command: [String]) async throws {
        for option in ["--include", "--exclude"] {
            let result = try await Tool.run(command + [option, "a[b"])
            #expect(result.status == 64)
            #expect(result.sentence.hasPrefix("error: \(option): \"a[b\" is not a pattern of package paths because"))
        }
    }
}

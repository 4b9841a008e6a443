import FoundationEssentials
import Glibc
import Testing

@Suite("An export keeps a directory as the feed is, and deletes nothing that it should not")
struct MirrorTests {
    /// A feed with a few packages, exported to `out`.
    private func scene() async throws -> Scratch {
        let scratch = try await Scratch.withRoot()
        try await scratch.run("feed", "create", "npm", "--mutable").succeeded()
        for name in ["a", "d/b", "d/c"] { try await push(name, name, to: scratch) }
        try await scratch.run("export", "npm", "out").succeeded()
        return scratch
    }

    private func push(_ text: String, _ path: String, to scratch: Scratch) async throws {
        try await scratch.run("push", "npm", "-", "--as", path, input: text).succeeded()
    }

    private func deleted(_ result: Tool.Result) throws -> [String] {
        try result.lines.filter { $0.type == "deleted" }.compactMap { $0["file"] }.sorted()
    }

    @Test("--update replaces what differs, of the same size and time too, and leaves links alone")
    func update() async throws {
        let scratch = try await scene()
        try await push("A", "a", to: scratch)
        try await push("longer", "d/b", to: scratch)
        _ = try await scratch.shell("touch -r out/d/c out/a").succeeded()
        #expect(try await scratch.run("export", "npm", "out").status == 1)
        #expect(scratch.read("out/a") == "a")
        let preview = try await scratch.json("export", "npm", "out", "--update", "--dry-run").succeeded()
        #expect(try Set(preview.lines.filter { $0.type == "exported" }.map { $0["path"] }) == ["a", "d/b"])
        #expect(scratch.read("out/a") == "a")
        let summary = try await scratch.json("export", "npm", "out", "--update").succeeded().line("summary")
        #expect(summary[number: "exported"] == 2 && summary[number: "unchanged"] == 1)
        #expect(summary.fields["deleted"] == nil)
        #expect(scratch.read("out/a") == "A" && scratch.read("out/d/b") == "longer")
        unlink(scratch.path + "/out/a")
        symlink("d/c", scratch.path + "/out/a")
        #expect(try await scratch.run("export", "npm", "out", "--update").status == 1)
        #expect(scratch.read("out/d/c") == "d/c" && scratch.isNode("out/a", S_IFLNK))
    }

    @Test("--delete takes names for what they are in bytes, where letters combine with a slash or look alike")
    func combining() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a/b", "e\u{301}/x", "p/q"] { try await push(name, name, to: scratch) }
        try await scratch.run("export", "npm", "out").succeeded()
        let others = ["a/\u{301}b", "a/\u{301}", "a\u{600}/b", "\u{E9}/x", "p/\u{301}q/r"]
        for name in others {
            // By the shell, which takes bytes for bytes.
            let line = "f='out/\(name)'; mkdir -p \"${f%/*}\" && echo >\"$f\""
            try await scratch.shell(line).succeeded()
        }
        let result = try await scratch.json("export", "npm", "out", "--delete").succeeded()
        #expect(try result.line("summary")[number: "deleted"] == 5)
        let left = try await scratch.shell("cd out; find * | LC_ALL=C sort").succeeded().output
        #expect(left.utf8.elementsEqual("a\na/b\ne\u{301}\ne\u{301}/x\np\np/q\n".utf8))
    }

    @Test("--delete removes what the feed does not hold, and folders that are empty then, and a dry run shows it")
    func delete() async throws {
        let scratch = try await scene()
        try await scratch.run("rm", "npm", "d/b").succeeded()
        for name in ["extra", "d/more", "e/f/g", "a~b"] { try scratch.write("out/\(name)", name) }
        mkdir(scratch.path + "/out/empty", 0o777)
        let others = ["a~b", "d/b", "d/more", "e/f/g", "extra"]
        let preview = try await scratch.json("export", "npm", "out", "--delete", "--dry-run").succeeded()
        #expect(try deleted(preview) == others)
        #expect(try scratch.files("out").count == 7)
        let result = try await scratch.json("export", "npm", "out", "--delete").succeeded()
        #expect(try deleted(result) == others)
        #expect(try result.line("summary")[number: "deleted"] == 5)
        #expect(try scratch.files("out") == ["a", "d/c"])
        #expect(scratch.isNode("out/empty", S_IFDIR) && !scratch.isNode("out/e", S_IFDIR))
        let again = try await scratch.run("export", "npm", "out", "--delete").succeeded()
        #expect(again.output.contains(" 0 deleted, "))
    }

    @Test("links, and what they lead to, stay; so does what the options leave out")
    func bounds() async throws {
        let scratch = try await scene()
        for name in ["beside/x", "out/old", "out/d/old.tmp", "out/d/old"] { try scratch.write(name, name) }
        symlink("../beside", scratch.path + "/out/folder")
        symlink("../beside/x", scratch.path + "/out/d/link")
        let options = ["--delete", "--prefix", "d/", "--exclude", "*.tmp"]
        #expect(try deleted(await scratch.json(["export", "npm", "out"] + options).succeeded()) == ["d/old"])
        let all = try await scratch.json("export", "npm", "out", "--delete").succeeded()
        #expect(try deleted(all) == ["d/old.tmp", "old"])
        #expect(scratch.read("beside/x") == "beside/x")
        #expect(scratch.isNode("out/folder", S_IFLNK) && scratch.isNode("out/d/link", S_IFLNK))
    }

    @Test("nothing is deleted where a package failed, or a record cannot be read")
    func failed() async throws {
        let scratch = try await scene()
        try scratch.write("out/extra", "extra")
        try scratch.write("out/a", "mine")
        let kept = try await scratch.json("export", "npm", "out", "--delete")
        #expect(kept.status == 1)
        #expect(try deleted(kept) == [] && kept.line("summary").fields["deleted"] == nil)
        #expect(kept.errors.contains("nothing was deleted"))
        try scratch.write("root/feeds/npm/packages/a.json", "{")
        unlink(scratch.path + "/out/a")
        #expect(try await scratch.run("export", "npm", "out", "--delete").status == 1)
        try FileManager.default.removeItem(atPath: scratch.path + "/root/feeds/npm/packages")
        #expect(try await scratch.run("export", "npm", "out", "--delete", "--force").status == 2)
        #expect(scratch.read("out/extra") == "extra" && scratch.read("out/d/b") == "d/b")
    }

    @Test("a directory that has none of the feed's files, or is or holds a root, is refused without --force or at all")
    func wrongDirectory() async throws {
        let scratch = try await scene()
        try scratch.write("home/letter", "dear")
        let refused = try await scratch.json("export", "npm", "home", "--delete")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["message"]?.contains("--force") == true)
        // Nothing was written either: else the same command again would take the directory for an export.
        #expect(try await scratch.json("export", "npm", "home", "--delete").status == 2)
        #expect(try scratch.files("home") == ["letter"] && scratch.read("home/letter") == "dear")
        #expect(try await scratch.run("export", "npm", "root", "--delete", "--force").status == 2)
        try await scratch.run("init", scratch.path + "/out/inner").succeeded()
        try scratch.write("out/extra", "extra")
        let inner = try await scratch.json("export", "npm", "out", "--delete", "--force")
        #expect(inner.status == 1)
        #expect(try deleted(inner) == ["extra"])
        #expect(try scratch.files("out/inner").contains("root.json"))
        try await scratch.run("rm", "npm", "--prefix", "d/", "--yes").succeeded()
        try await scratch.run("rm", "npm", "a").succeeded()
        // A feed that lists nothing says nothing about a directory.
        #expect(try await scratch.run("export", "npm", "out", "--delete").status == 2)
        #expect(scratch.read("out/a") == "a")
        let forced = try await scratch.json("export", "npm", "home", "--delete", "--force").succeeded()
        #expect(try deleted(forced) == ["letter"])
    }

    @Test("--force needs --delete, and --link never replaces")
    func usage() async throws {
        for options in [["--force"], ["--update", "--link"]] {
            #expect(try await Tool.run(["export", "npm", "out"] + options).status == 64, "\(options)")
        }
    }
}

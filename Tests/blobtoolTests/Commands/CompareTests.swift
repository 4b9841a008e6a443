import FoundationEssentials
import Glibc
import Testing

@Suite("What two places have is compared by digest")
struct CompareCommandTests {
    @Test("a feed and a tree: exit code 0 where they are the same, 1 where not, 2 where something cannot be looked at")
    func tree() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "deep/b"] { try scratch.write("tree/\(name)", name) }
        try await scratch.run("import", "npm", "tree").succeeded()
        let same = try await scratch.json("compare", "npm", "./tree").succeeded()
        let summary = try same.line("summary")
        for (field, value) in [("equal", 2), ("missing", 0), ("extra", 0), ("different", 0)] as [(String, Int64)] {
            #expect(summary[number: field] == value)
        }
        #expect(summary[bool: "complete"] == true)
        try scratch.write("tree/deep/b", "c")
        try scratch.write("tree/new", "new")
        let differs = try await scratch.json("compare", "npm", "./tree")
        #expect(differs.status == 1)
        let lines = try differs.lines.filter { $0.type == "difference" }
        #expect(
            Set(lines.map { "\($0["kind"] ?? "?") \($0["path"] ?? "?")" }) == [
                "different deep/b", "extra new",
            ])
        let told = try await scratch.run("compare", "npm", "./tree")
        #expect(told.output.contains("different  deep/b\n"))
        #expect(told.output.contains("not the same: 1 equal, 0 missing, 1 extra, 1 different"))
        try scratch.write("tree/\(String(repeating: "n", count: 220))", "too long a name")
        let incomplete = try await scratch.json("compare", "npm", "./tree")
        #expect(incomplete.status == 2)
        #expect(try incomplete.line("summary")[bool: "complete"] == false)
    }

    @Test("a pipe and a link among the records end nothing, and what they may hide is not said to be missing")
    func strays() async throws {
        let scratch = try await Scratch.withRoot(feeds: "one", "two")
        for name in ["a", "m", "q/x", "z"] {
            try await scratch.run("push", "one", "-", "--as", name, input: name).succeeded()
        }
        for name in ["a", "zz"] {
            try await scratch.run("push", "two", "-", "--as", name, input: name).succeeded()
        }
        try scratch.makePipe("root/feeds/two/packages/m.json")
        symlink("/tmp", scratch.place("two") + "/packages/q")
        for sides in [["one", "two"], ["two", "one"]] {
            let result = try await scratch.json(["compare"] + sides)
            #expect(result.status == 2)
            let names = try result.lines.filter { $0.type == "difference" }.compactMap { $0["path"] }
            #expect(names == ["z", "zz"])
            let items = try result.lines.filter { $0.type == "error" }.compactMap { $0["item"] }
            #expect(items == ["packages/m.json", "packages/q"])
            #expect(try result.line("summary")[number: "failed"] == 2)
        }
        try scratch.write("tree/a", "a")
        let tree = try await scratch.json("compare", "two", "./tree")
        #expect(try tree.status == 2 && tree.line("difference")["path"] == "zz")
    }

    @Test("a folder of records that cannot be read ends nothing, and what is in it is not said to be missing")
    func closed() async throws {
        let scratch = try await Scratch.withRoot(feeds: "one", "two")
        for name in ["a", "q/x", "z"] {
            for feed in ["one", "two"] {
                try await scratch.run("push", feed, "-", "--as", name, input: name).succeeded()
            }
            try scratch.write("tree/\(name)", name)
        }
        try await scratch.run("rm", "two", "z").succeeded()
        for (sides, kind) in [
            (["one", "two"], "missing"), (["two", "one"], "extra"), (["./tree", "two"], "missing"),
        ] {
            let result = try await scratch.closing("root/feeds/two/packages/q") {
                try await scratch.unprivileged("compare", sides[0], sides[1])
            }
            #expect(result.status == 2, "\(sides)")
            let found = try result.lines.filter { $0.type == "difference" }
            #expect(found.map { $0["path"] } == ["z"] && found.map { $0["kind"] } == [kind], "\(sides)")
            #expect(try result.line("summary")[number: "equal"] == 1, "\(sides)")
            #expect(try result.line("summary")[bool: "complete"] == false)
        }
    }

    @Test("a server root that was moved away from is compared as it stands, before it is deleted")
    func movedServer() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        for feed in ["npm", "pypi"] {
            try await scratch.run("push", feed, "-", "--as", "a", input: feed).succeeded()
        }
        let next = scratch.path + "/next", former = scratch.path + "/root"
        try await scratch.run("migrate", "--server", "--to", next).succeeded()
        let same = try await scratch.json("compare", former, next).succeeded()
        #expect(try same.line("summary")[number: "equal"] == 2)
        try await scratch.run("push", "npm", "-", "--as", "b", input: "later").succeeded()
        let later = try await scratch.json("compare", former, next)
        #expect(later.status == 1)
        let line = try later.line("difference")
        #expect(line["kind"] == "extra" && line["path"] == "b" && line["feed"] == "npm")
        let feed = try await scratch.json("compare", former + "/feeds/pypi", "pypi").succeeded()
        #expect(try feed.line("summary")[number: "equal"] == 1)
    }

    @Test("what cannot be compared is refused with what to do instead")
    func refusals() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("tree/a", "a")
        for (arguments, status, words) in [
            (["npm", "npm"], 2, "one and the same root"), (["npm", scratch.path + "/root"], 2, "server root"),
            (["./tree", "./tree"], 2, "diff -r"), (["npm", "./absent"], 2, "not a directory"),
            (["npm", "other"], 2, "there is no feed"), (["npm", "NPM"], 64, "feed name"),
            (["npm", "s3://key:secret@bucket/x"], 64, "credential"),
        ] as [([String], Int32, String)] {
            let result = try await scratch.run(["compare"] + arguments)
            #expect(result.status == status, "\(arguments): \(result.errors)")
            #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
            #expect(!result.errors.contains("secret"))
        }
    }

    @Test("cat writes a package to standard output, and nothing else there")
    func cat() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "content").succeeded()
        #expect(try await scratch.run("cat", "npm", "a").succeeded().output == "content")
        #expect(try await scratch.run("cat", "npm", "b").status == 2)
        #expect(try await scratch.run("cat", "npm", "a", "--format", "json").status == 64)
    }
}

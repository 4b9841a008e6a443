import FoundationEssentials
import Glibc
import Testing

struct TreeTests {
    private let names = ["a", "B/c", "@scope/x y/z+1.tgz", "deep/1/2/3/4/é.json/file"]

    @Test("an imported tree is exported as it was")
    func roundTrip() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in names { try scratch.write("tree/\(name)", "content of \(name)") }
        let imported = try await scratch.json("import", "npm", "tree").succeeded().line("summary")
        #expect(imported[number: "imported"] == 4)
        #expect(imported[number: "unchanged"] == 0)
        #expect(imported[number: "failed"] == 0)
        let bytes = names.map { "content of \($0)".utf8.count }.reduce(0, +)
        #expect(imported[number: "bytes"] == Int64(bytes))
        #expect(imported.fields["seconds"] != nil)
        let exported = try await scratch.json("export", "npm", "out").succeeded().line("summary")
        #expect(exported[number: "exported"] == 4)
        #expect(try scratch.files("out") == scratch.files("tree"))
        for name in names { #expect(scratch.read("out/\(name)") == "content of \(name)") }
        #expect(try await scratch.json("import", "npm", "tree").succeeded().line("summary")[number: "unchanged"] == 4)
        #expect(try await scratch.json("export", "npm", "out").succeeded().line("summary")[number: "unchanged"] == 4)
    }

    @Test("a dry run imports nothing, and says what it would")
    func dryRun() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("tree/a", "x")
        let line = try await scratch.json("import", "npm", "tree", "--dry-run").succeeded().line("summary")
        #expect(line[number: "imported"] == 1)
        #expect(line[bool: "dryRun"] == true)
        #expect(try await scratch.json("ls", "npm").succeeded().output == "")
    }

    @Test("what cannot be taken is told and listed, and the rest is imported")
    func failures() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("tree/good", "x")
        try scratch.write("tree/\(String(repeating: "n", count: 220))", "too long")
        mkfifo(scratch.path + "/tree/fifo", 0o600)
        symlink("good", scratch.path + "/tree/link")
        let result = try await scratch.json("import", "npm", "tree", "--failed", "failed.txt")
        #expect(result.status == 1)
        #expect(try result.line("summary")[number: "imported"] == 1)
        #expect(try result.line("summary")[number: "failed"] == 3)
        #expect(try result.lines.filter { $0.type == "error" }.count == 3)
        let failed = scratch.read("failed.txt")?.split(separator: "\n").map(String.init) ?? []
        #expect(Set(failed) == ["fifo", "link", String(repeating: "n", count: 220)])
        unlink(scratch.path + "/tree/fifo")
        try scratch.write("tree/fifo", "a file now")
        try scratch.write("tree/new", "not asked for")
        let again = try await scratch.json("import", "npm", "tree", "--only", "failed.txt", "--follow-links")
        #expect(try again.line("summary")[number: "imported"] == 2)
        #expect(try again.line("summary")[number: "failed"] == 1)
        #expect(try await scratch.run("stat", "npm", "new").status == 2)
    }

    @Test("what cannot be opened fails alone, and the rest of the tree is taken")
    func unopenable() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "b", "c", "d", "e"] { try scratch.write("tree/\(name)", name) }
        try scratch.makeSocket("tree/socket")
        mkdir(scratch.path + "/folder", 0o777)
        for (name, target) in [("x", "socket"), ("y", "y"), ("z", "../folder")] {
            symlink(target, "\(scratch.path)/tree/\(name)")
        }
        let imported = try await scratch.json("import", "npm", "tree", "--follow-links", "--failed", "failed.txt")
        #expect(imported.status == 1)
        #expect(try imported.line("summary")[number: "imported"] == 5)
        #expect(try imported.lines.filter { $0.type == "error" }.allSatisfy { $0["code"] == "sourceFailed" })
        #expect(imported.errors.contains("tree/x is a symbolic link to a socket"))
        #expect(imported.errors.contains("tree/y leads in a circle"))
        #expect(imported.errors.contains("tree/z is a symbolic link to a directory"))
        #expect(scratch.read("failed.txt")?.split(separator: "\n").sorted() == ["socket", "x", "y", "z"])
        let only = try await scratch.json("import", "npm", "tree", "--follow-links", "--only", "failed.txt")
        #expect(only.status == 1)
        #expect(try only.line("summary")[number: "failed"] == 4)
        let pushed = try await scratch.json("push", "npm", "-r", "tree", "--follow-links")
        #expect(pushed.status == 1)
        #expect(try pushed.lines.filter { $0.type == "published" }.count == 5)
    }

    @Test("a directory that is not there, or is none, is one error", arguments: ["gone", "file"])
    func noDirectory(name: String) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("file", "x")
        let result = try await scratch.json("import", "npm", name)
        #expect(result.status == 2)
        #expect(try result.lines.count == 1)
        #expect(try result.line("error")["message"]?.contains(name) == true)
    }

    @Test("an export keeps a file with other content, and says so")
    func keeps() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "b"] { try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded() }
        try scratch.write("out/a", "mine")
        let result = try await scratch.json("export", "npm", "out", "--failed", "failed.txt")
        #expect(result.status == 1)
        #expect(scratch.read("out/a") == "mine")
        #expect(scratch.read("out/b") == "b")
        #expect(scratch.read("failed.txt") == "a\n")
    }

    @Test("an export of a prefix, and one by links")
    func options() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a/1", "b/1"] { try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded() }
        try await scratch.run("export", "npm", "out", "--prefix", "a/", "--link").succeeded()
        #expect(try scratch.files("out") == ["a/1"])
        var status = stat()
        #expect(stat(scratch.path + "/out/a/1", &status) == 0)
        #expect(status.st_nlink == 2)
        // A limit of the bandwidth takes nothing away of what the storage can do.
        try await scratch.run("export", "npm", "slow", "--link", "--bwlimit", "1GiB").succeeded()
        #expect(stat(scratch.path + "/slow/a/1", &status) == 0)
        #expect(status.st_nlink == 3)
    }
}

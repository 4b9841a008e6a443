import FoundationEssentials
import Glibc
import Testing

struct PackageTests {
    @Test("a package is pulled to a file, to its own name, and to standard output")
    func pull() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "d/a.tgz", input: "hello\n").succeeded()
        let line = try await scratch.json("pull", "npm", "d/a.tgz", "-o", "out.bin").succeeded().line("pulled")
        #expect(line["path"] == "d/a.tgz")
        #expect(line[number: "size"] == 6)
        #expect(line["file"] == "out.bin")
        #expect(scratch.read("out.bin") == "hello\n")
        try await scratch.run("pull", "npm", "d/a.tgz").succeeded()
        #expect(scratch.read("a.tgz") == "hello\n")
        let piped = try await scratch.run("pull", "npm", "d/a.tgz", "-o", "-").succeeded()
        #expect(piped.output == "hello\n")
        #expect(try await scratch.json("pull", "npm", "d/a.tgz", "-o", "-").status == 64)
    }

    @Test("a damaged package is not pulled, and what stood at the destination stays")
    func pullDamaged() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let pushed = try await scratch.json("push", "npm", "-", "--as", "a", input: "hello\n").line("published")
        try scratch.write(scratch.blob("npm", digest: pushed["digest"] ?? ""), "jello\n")
        try scratch.write("a", "before")
        let result = try await scratch.json("pull", "npm", "a", "-o", "a")
        #expect(result.status == 2)
        #expect(try result.line("error")["code"] == "corrupt")
        #expect(scratch.read("a") == "before")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["a", "root"])
        #expect(try await scratch.run("pull", "npm", "a", "-o", "-").output == "")
    }

    @Test("results go through links and into pipes and devices, which stay what they are")
    func nodes() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        mkfifo(scratch.path + "/pipe", 0o600)
        let reader = open(scratch.path + "/pipe", O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        symlink("target", scratch.path + "/link")
        // As /dev/null is (1:3); not every account may make one.
        let hasDevice = mknod(scratch.path + "/device", S_IFCHR | 0o666, 259) == 0
        for (name, type) in [("pipe", S_IFIFO), ("link", S_IFLNK), ("device", S_IFCHR)]
        where hasDevice || name != "device" {
            try await scratch.run("pull", "npm", "a", "-o", name).succeeded()
            try await scratch.run("check", "--junit", name).succeeded()
            try await scratch.run("check", "--html", name).succeeded()
            #expect(try await scratch.run("push", "npm", "gone", "--failed", name).status == 2)
            #expect(scratch.isNode(name, type), "\(name)")
        }
        #expect(scratch.read("target") == "gone\n")
        #expect(String(decoding: readSome(reader), as: UTF8.self).hasPrefix("hello\n<?xml"))
    }

    @Test("a listing is in key order, by prefix, from a path on, and up to a limit")
    func list() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for path in ["b/1", "B/2", "a", "ab", "a b"] {
            try await scratch.run("push", "npm", "-", "--as", path, input: path).succeeded()
        }
        func listed(_ arguments: String...) async throws -> [String] {
            let result = try await Tool.run(["ls", "npm", "--root", scratch.root] + arguments)
            return try result.succeeded().output.split(separator: "\n").map(String.init)
        }
        #expect(try await listed() == ["B/2", "a b", "a", "ab", "b/1"])
        #expect(try await listed("a") == ["a b", "a", "ab"])
        #expect(try await listed("--after", "a b", "--limit", "2") == ["a", "ab"])
        #expect(try await listed("--limit", "0") == [])
        #expect(try await listed("--names") == ["B/2", "a b", "a", "ab", "b/1"])
        #expect(try await listed("-l", "b")[0].hasSuffix("  b/1"))
        let line = try await scratch.json("ls", "npm", "b").line("package")
        #expect(line["path"] == "b/1")
        #expect(line[number: "size"] == 3)
        #expect(line["digest"]?.hasPrefix("sha256:") == true)
        #expect(line["published"]?.hasSuffix("Z") == true)
    }

    @Test("a removed package is out of listings until it is restored, and its history stays")
    func removal() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", "--by", "alice", input: "x").succeeded()
        #expect(try await scratch.json("rm", "npm", "a", "--by", "bob").succeeded().line("removed")["path"] == "a")
        #expect(try await scratch.json("ls", "npm").succeeded().output == "")
        #expect(try await scratch.json("ls", "npm", "--deleted").lines.count == 1)
        #expect(try await scratch.json("ls", "npm", "--names").lines.count == 1)
        for command in ["stat", "pull"] {
            let result = try await scratch.json(command, "npm", "a")
            #expect(result.status == 2)
            #expect(try result.line("error")["message"]?.contains("by bob") == true)
        }
        let restored = try await scratch.json("restore", "npm", "a").succeeded().line("restored")
        #expect(restored["path"] == "a")
        #expect(restored["digest"]?.hasPrefix("sha256:") == true)
        let log = try await scratch.json("log", "npm", "a").succeeded().lines
        #expect(log.map { $0[bool: "deleted"] } == [false, true, false])
        #expect(log.map { $0[number: "size"] } == [1, nil, 1])
        #expect(log[1]["by"] == "bob")
        #expect(log[2]["by"] == "alice")
        #expect(Set(log.map { $0["revision"] }).count == 3)
    }

    @Test("removing several exits 1 when some were not there, and 2 when the only one was not")
    func removeSeveral() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "x").succeeded()
        let some = try await scratch.json("rm", "npm", "a", "b", "--failed", "failed.txt")
        #expect(some.status == 1)
        #expect(try some.line("error")["code"] == "notFound")
        #expect(scratch.read("failed.txt") == "b\n")
        #expect(try await scratch.run("rm", "npm", "--only", "failed.txt").status == 2)
        #expect(try await scratch.run("rm", "npm").status == 64)
    }

    @Test("a former revision of a mutable feed comes back by its name")
    func revisions() async throws {
        let scratch = try await Scratch.withRoot()
        try await scratch.run("feed", "create", "snap", "--mutable").succeeded()
        for content in ["one", "two"] {
            try await scratch.run("push", "snap", "-", "--as", "a", input: content).succeeded()
        }
        let first = try await scratch.json("log", "snap", "a").lines.last?["revision"]
        try await scratch.run("restore", "snap", "a", "--revision", try #require(first)).succeeded()
        #expect(try await scratch.run("pull", "snap", "a", "-o", "-").output == "one")
    }

    @Test("a package is promoted to another feed, with its digest")
    func promote() async throws {
        let scratch = try await Scratch.withRoot(feeds: "staging", "npm")
        let pushed = try await scratch.json("push", "staging", "-", "--as", "a", input: "x").line("published")
        let promoted = try await scratch.json("promote", "staging", "a", "npm").succeeded().line("published")
        #expect(promoted["outcome"] == "created")
        #expect(promoted["digest"] == pushed["digest"])
        #expect(try await scratch.run("pull", "npm", "a", "-o", "-").output == "x")
        #expect(try await scratch.run("promote", "staging", "b", "npm").status == 2)
    }
}

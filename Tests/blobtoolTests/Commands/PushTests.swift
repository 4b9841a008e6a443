import FoundationEssentials
import Glibc
import Testing

struct PushTests {
    private static let helloDigest = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

    @Test("the same content again is unchanged, other content a conflict, and in a mutable feed a replacement")
    func outcomes() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("a.tgz", "hello\n")
        let created = try await scratch.json("push", "npm", "a.tgz", "--prefix", "a/1.0").succeeded().line("published")
        #expect(created["path"] == "a/1.0/a.tgz")
        #expect(created["digest"] == Self.helloDigest)
        #expect(created[number: "size"] == 6)
        #expect(created["outcome"] == "created")
        let again = try await scratch.json("push", "npm", "a.tgz", "--prefix", "a/1.0/").succeeded().line("published")
        #expect(again["outcome"] == "unchanged")
        let conflict = try await scratch.json("push", "npm", "-", "--as", "a/1.0/a.tgz", input: "other")
        #expect(conflict.status == 2)
        #expect(try conflict.line("error")["code"] == "alreadyExists")
        try await scratch.run("feed", "set", "npm", "--mutable").succeeded()
        let replaced = try await scratch.json("push", "npm", "-", "--as", "a/1.0/a.tgz", input: "other")
        #expect(try replaced.succeeded().line("published")["outcome"] == "replaced")
    }

    @Test("an upload heals content that was lost")
    func heals() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        try FileManager.default.removeItem(atPath: "\(scratch.path)/\(scratch.blob("npm", digest: Self.helloDigest))")
        let healed = try await scratch.json("push", "npm", "-", "--as", "a", input: "hello\n")
        #expect(try healed.succeeded().line("published")["outcome"] == "healed")
    }

    @Test("content that does not have the digest given is refused, and nothing is published")
    func digest() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let wrong = "sha256:" + String(repeating: "0", count: 64)
        let refused = try await scratch.json("push", "npm", "-", "--as", "a", "--digest", wrong, input: "hello\n")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["code"] == "digestMismatch")
        #expect(try await scratch.run("ls", "npm").succeeded().output == "")
        let right = ["push", "npm", "-", "--as", "a", "--digest", Self.helloDigest]
        try await scratch.json(right, input: "hello\n").succeeded()
    }

    @Test("some of several that fail exit 1, are repeated at the end, and are listed for the next run")
    func several() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("good", "1")
        let first = try await scratch.json("push", "npm", "good", "missing\nfile", "--failed", "failed.txt")
        #expect(first.status == 1)
        #expect(try first.lines.filter { $0.type == "published" }.count == 1)
        #expect(try first.line("error")["item"] == "missing\nfile")
        #expect(first.errors.contains("1 of 2 failed:\n"))
        #expect(scratch.read("failed.txt") == "\"missing\\nfile\"\n")
        try scratch.write("missing\nfile", "2")
        let second = try await scratch.json(
            "push", "npm", "good", "missing\nfile", "--only", "failed.txt", "--failed", "failed.txt")
        #expect(try second.succeeded().lines.map { $0["path"] } == ["missing\nfile"])
        #expect(scratch.read("failed.txt") == "")
    }

    @Test("a tree is published under the paths below it")
    func recursive() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["x/a", "x/Deep/B.json/c", "x/@scope/n a+m é"] { try scratch.write("tree/\(name)", name) }
        symlink("a", scratch.path + "/tree/x/link")
        let result = try await scratch.json("push", "npm", "-r", "tree", "--prefix", "p")
        #expect(result.status == 1)
        #expect(
            try Set(result.lines.compactMap { $0.type == "published" ? $0["path"] : nil })
                == ["p/x/a", "p/x/Deep/B.json/c", "p/x/@scope/n a+m é"])
        #expect(try result.line("error")["message"]?.contains("--follow-links") == true)
        try await scratch.run("push", "npm", "-r", "tree", "--prefix", "p", "--follow-links").succeeded()
        #expect(try await scratch.json("stat", "npm", "p/x/link").succeeded().line("package")["path"] == "p/x/link")
    }

    @Test("what is no regular file is refused by name")
    func notAFile() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        mkfifo(scratch.path + "/fifo", 0o600)
        try scratch.write("folder/file", "")
        try scratch.makeSocket("socket")
        symlink("circle", scratch.path + "/circle")
        symlink("folder", scratch.path + "/link")
        symlink("socket", scratch.path + "/toSocket")
        for (name, hint) in [
            ("fifo", "is a pipe"), ("folder", "-r"), ("/dev/null", "is a device"), ("gone", "gone"),
            ("socket", "is a socket"), ("circle", "in a circle"), ("link", "-r"), ("toSocket", "link to a socket"),
        ] {
            let result = try await scratch.run("push", "npm", name)
            #expect(result.status == 2)
            #expect(result.sentence.contains(hint))
        }
    }

    @Test(
        "a path that breaks a rule is refused with that rule",
        arguments: [
            ("../x", "\"..\""), ("/x", "absolute"), ("a//b", "empty segment"), ("", "empty"), ("a/./b", "\".\""),
        ])
    func badPaths(path: String, rule: String) async throws {
        let result = try await Tool.run("push", "npm", "-", "--as", path)
        #expect(result.status == 64)
        #expect(result.sentence.contains(rule))
    }

    @Test(
        "arguments that contradict each other exit 64",
        arguments: [
            ["-"], ["-", "a", "--as", "x"], ["a", "b", "--as", "x"], ["a", "--as", "x", "--prefix", "y"], [],
            ["a", "--jobs", "0"], ["a", "--bwlimit", "5M"], ["a", "--digest", "abc"],
        ])
    func contradictions(arguments: [String]) async throws {
        let result = try await Tool.run(["push", "npm"] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("error: "))
    }
}

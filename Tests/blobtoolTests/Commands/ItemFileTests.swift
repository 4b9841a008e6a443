import FoundationEssentials
import Glibc
import Testing

struct ItemFileTests {
    /// A tree with a file that no name of a package can be, and a folder that cannot be gone into, unless by root.
    private func spoiltTree() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["good", "d/one", "d/two/three"] { try scratch.write("tree/\(name)", name) }
        try await scratch.shell(#"touch "$(printf 'tree/a\\x \377"z')""#).succeeded()
        return scratch
    }

    private static let oddLine = #""a\\x \xff\"z""#

    @Test("a name that is no text is listed so that it is read back, and is gone when it was renamed")
    func bytes() async throws {
        let scratch = try await spoiltTree()
        let first = try await scratch.json("import", "npm", "tree", "--failed", "failed.txt")
        #expect(first.status == 1)
        #expect(scratch.read("failed.txt") == Self.oddLine + "\n")
        let again = try await scratch.json("import", "npm", "tree", "--only", "failed.txt", "--failed", "failed.txt")
        #expect(again.status == 2)
        #expect(try again.line("error")["code"] == "sourceFailed")
        #expect(scratch.read("failed.txt") == Self.oddLine + "\n")
        let pushed = try await scratch.json("push", "npm", "-r", "tree", "--failed", "pushed.txt")
        #expect(pushed.status == 1)
        #expect(scratch.read("pushed.txt") == "\"tree/" + Self.oddLine.dropFirst() + "\n")
        #expect(
            try await scratch.json("push", "npm", "-r", "tree", "--only", "pushed.txt").line("error")["code"]
                == "sourceFailed")
        try await scratch.shell("mv tree/a* tree/renamed").succeeded()
        for arguments in [["import", "npm", "tree"], ["push", "npm", "-r", "tree"]] {
            let list = arguments[0] == "push" ? "pushed.txt" : "failed.txt"
            let result = try await scratch.json(arguments + ["--only", list])
            #expect(result.status == 2)
            #expect(try result.line("error")["code"] == "notFound")
        }
    }

    @Test("a folder in the list stands for all below it, and nothing else is taken", arguments: ["import", "push"])
    func folders(command: String) async throws {
        let scratch = try await spoiltTree()
        let isPush = command == "push"
        try scratch.write("only.txt", isPush ? "tree/d/\ntree/d/one\ntree/gone\n" : "d/\nd/one\ngone\n")
        let arguments = isPush ? ["push", "npm", "-r", "tree"] : ["import", "npm", "tree"]
        let result = try await scratch.json(arguments + ["--only", "only.txt", "--failed", "failed.txt"])
        #expect(result.status == 1)
        #expect(try await scratch.run("ls", "npm").output == "d/one\nd/two/three\n")
        #expect(scratch.read("failed.txt") == (isPush ? "tree/gone\n" : "gone\n"))
        if !isPush { #expect(try result.line("summary")[number: "imported"] == 2) }
    }

    @Test("a folder that cannot be read is listed as one, and is taken up once it can be", .enabled(if: geteuid() != 0))
    func unreadable() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["good", "d/one", "d/two/three"] { try scratch.write("tree/\(name)", name) }
        chmod(scratch.path + "/tree/d", 0)
        defer { chmod(scratch.path + "/tree/d", 0o755) }
        #expect(try await scratch.run("import", "npm", "tree", "--failed", "failed.txt").status == 1)
        #expect(scratch.read("failed.txt") == "d/\n")
        chmod(scratch.path + "/tree/d", 0o755)
        try await scratch.run("import", "npm", "tree", "--only", "failed.txt").succeeded()
        #expect(try await scratch.run("ls", "npm").output == "d/one\nd/two/three\ngood\n")
    }

    @Test("a folder in the list does not lead out of the tree", arguments: ["../", "d/../../", "/", "link/"])
    func outside(_ line: String) async throws {
        let scratch = try await spoiltTree()
        try scratch.write("outside/secret", "x")
        symlink("../outside", scratch.path + "/tree/link")
        try scratch.write("only.txt", line + "\n")
        #expect(try await scratch.run("import", "npm", "tree", "--only", "only.txt").status == 2)
        #expect(try await scratch.run("ls", "npm").output == "")
    }

    @Test("a broken string is told with its line", arguments: ["\"", "\"a", "\"\\xf\"", "\"\\q\"", "\"\\\""])
    func broken(_ line: String) async throws {
        let scratch = try await spoiltTree()
        try scratch.write("only.txt", "good\n\n\(line)\n")
        let result = try await scratch.run("import", "npm", "tree", "--only", "only.txt")
        #expect(result.status == 2)
        #expect(result.sentence.contains("malformed string on line 3"))
    }

    @Test("a listed path that is no text removes nothing")
    func removing() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a\\xff", input: "x").succeeded()
        try scratch.write("only.txt", "\"a\\xff\"\n")
        #expect(try await scratch.json("rm", "npm", "--only", "only.txt").line("error")["code"] == "invalidKey")
        #expect(try await scratch.run("ls", "npm").output == "a\\xff\n")
    }
}

import FoundationEssentials
import Testing

@Suite("A hyphen stands for standard input and output")
struct StandardOutputTests {
    @Test("what failed is written to standard output alone, and read from standard input")
    func failed() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "b"] { try scratch.write("tree/\(name)", name) }
        try await scratch.run("push", "npm", "-", "--as", "b", input: "other").succeeded()
        let imported = try await scratch.run("import", "npm", "tree", "--failed", "-")
        #expect(imported.status == 1 && imported.output == "b\n")
        #expect(imported.errors.contains("imported 1"))
        try await scratch.run("rm", "npm", "--only", "-", input: imported.output).succeeded()
        #expect(try await scratch.run("ls", "npm").output == "a\n")
        try await scratch.run("import", "npm", "tree", "--only", "-", input: imported.output).succeeded()
        #expect(try await scratch.run("ls", "npm").output == "a\nb\n")
    }

    @Test(
        "a report is written to standard output alone",
        arguments: [("--html", "<!doctype html>"), ("--junit", "<?xml ")])
    func reports(_ option: String, _ beginning: String) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let result = try await scratch.run("check", option, "-").succeeded()
        #expect(result.output.hasPrefix(beginning) && result.output.hasSuffix(">\n"))
        #expect(result.errors.contains("GOOD"))
        #expect(scratch.read("-") == nil)
    }

    @Test(
        "two that want the same stream are refused",
        arguments: [
            ["check", "--html", "-", "--junit", "-"], ["check", "--html", "-", "--format", "json"],
            ["import", "npm", ".", "--failed", "-", "--format", "json"],
            ["push", "npm", "-", "--as", "x", "--only", "-"],
        ])
    func rivals(_ arguments: [String]) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        #expect(try await scratch.run(arguments).status == 64)
    }

    @Test("a name with a line's end is listed so that it is told from one with a backslash, and can be taken back")
    func names() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a\nb", "a\\nb"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded()
        }
        let listed = try await scratch.run("ls", "npm").output
        #expect(listed.split(separator: "\n").sorted() == ["\"a\\nb\"", "a\\nb"])
        let odd = listed.split(separator: "\n").filter { $0.hasPrefix("\"") }.joined()
        try await scratch.run("rm", "npm", "--only", "-", input: odd + "\n").succeeded()
        #expect(try await scratch.run("ls", "npm").output == "a\\nb\n")
    }

    @Test("what was not looked at is skipped in JUnit, also where the root is gone")
    func skipped() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "x", input: "x").succeeded()
        let sound = try await scratch.run("check", "npm", "--junit", "-").succeeded().output
        #expect(sound.contains("no corrupt-blob\" time=\"0\">\n      <skipped message=\"no content was read"))
        try await scratch.shell("mv root away").succeeded()
        let gone = try await scratch.run("check", "npm", "--junit", "-")
        #expect(gone.status == 2)
        #expect(gone.output.contains("<testsuite name=\"npm\"") && !gone.output.contains("time=\"0\"/>"))
    }
}

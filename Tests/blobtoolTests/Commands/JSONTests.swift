import FoundationEssentials
import ObjectStorage
import Testing

/// `Scratch.json` validates the output of every command that the other tests run.
@Suite("The lines of --format json are those of docs/json.md")
struct JSONTests {
    @Test(
        "a line that the schema does not know is found",
        arguments: [
            (#"{"type":"restored","path":"a"}"#, "/digest is missing"),
            (#"{"type":"held","feed":"npm","more":1}"#, "/more is not in the schema"),
            (#"{"type":"held","feed":"NPM"}"#, "/feed does not match"),
            (#"{"type":"forgotten","secrets":"one"}"#, "/secrets is not of type integer"),
            (#"{"type":"forgotten","secrets":-1}"#, "/secrets is negative"),
            (#"{"type":"difference","kind":"other"}"#, "/kind is none of"),
            (
                #"{"type":"verdict","shared":true,"reasons":[1],"advice":[],"certain":true}"#,
                "/reasons[] is not of type"
            ),
            (#"{"type":"unheard"}"#, "0 definitions fit"), (#"{"type":"summary","command":"x"}"#, "0 definitions fit"),
        ])
    func flaws(_ line: String, _ words: String) throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        let flaw = try #require(try LineSchema.shared.get().flaw(of: value))
        #expect(flaw.contains(words), "\(flaw)")
    }

    @Test("the document has a section for each line of the schema, and a row for each of its fields")
    func document() throws {
        let schema = try LineSchema.shared.get()
        let path = LineSchema.path.replacing("json-schema.json", with: "json.md")
        let document = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        let sections = document.split(separator: "\n### ").dropFirst()
        #expect(sections.count == schema.lines.count)
        for (name, definition) in schema.lines {
            let command = definition["properties"]?["command"]?["const"]?.string
            let heading = command.map { "`summary` of `\($0)`" } ?? "`\(name)`"
            let section = try #require(sections.first { $0.hasPrefix(heading + "\n") }, "no section \(heading)")
            let common = command == nil ? ["type"] : ["type", "command", "feed", "complete", "dryRun", "seconds"]
            for field in (definition["properties"]?.object ?? [:]).keys where !common.contains(field) {
                #expect(section.contains("\n| `\(field)`"), "\(heading) has no row for \(field)")
            }
        }
    }

    @Test("every summary says which command it is of, whether it is complete, a dry run, and how long it took")
    func summaries() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "other")
        try scratch.write("tree/a", "a")
        for (arguments, command) in [
            (["import", "npm", "tree"], "import"), (["import", "npm", "tree", "--dry-run"], "import"),
            (["export", "npm", "out"], "export"), (["push", "npm", "tree/a", "--as", "b", "--dry-run"], "push"),
            (["rm", "npm", "a", "--dry-run"], "rm"), (["check", "--content", "all"], "check"),
            (["repair", "npm"], "repair"), (["gc", "npm"], "gc"), (["compare", "npm", "./out"], "compare"),
            (["doctor"], "doctor"),
            (["feed", "delete", "npm", "--purge", "--dry-run"], "feed delete"),
            (["migrate", "npm", "--to", scratch.path + "/moved", "--dry-run"], "migrate"),
            (["migrate", "npm", "--to", scratch.path + "/moved"], "migrate"),
        ] {
            let result = try await scratch.json(arguments).succeeded()
            let summaries = try result.lines.filter { $0.type == "summary" }
            #expect(!summaries.isEmpty, "\(arguments)")
            for summary in summaries {
                #expect(summary["command"] == command)
                #expect(summary[bool: "complete"] == true)
                #expect(summary[bool: "dryRun"] == (arguments.contains("--dry-run") || command == "gc"))
                #expect(summary.fields["seconds"] != nil)
            }
        }
    }

    @Test("stat tells the revision, and log tells what was restored from what was published")
    func restored() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "a").succeeded()
        try await scratch.run("rm", "npm", "a").succeeded()
        try await scratch.run("restore", "npm", "a").succeeded()
        let log = try await scratch.json("log", "npm", "a").succeeded().lines
        #expect(log.map { $0[bool: "restored"] } == [true, false, false])
        #expect(log.map { $0[bool: "deleted"] } == [false, true, false])
        let revision = try await scratch.json("stat", "npm", "a").succeeded().line("package")["revision"]
        #expect(revision != nil && revision == log.first?["revision"])
        #expect(try await scratch.run("stat", "npm", "a").output.contains("revision"))
    }
}

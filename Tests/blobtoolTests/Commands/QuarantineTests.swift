import BlobStore
import FoundationEssentials
import Testing

@Suite("What is in quarantine is listed, and goes when nothing needs it")
struct QuarantineTests {
    private let scratch: Scratch
    private let digest: String

    /// A feed whose only blob is damaged and, after a repair found no good copy, in quarantine.
    init() async throws {
        scratch = try await Scratch.withRoot(feeds: "npm")
        digest = try await Self.push("one", "a", in: scratch)
        try scratch.write(scratch.blob("npm", digest: digest), "ONE")
        #expect(try await scratch.run("repair", "npm", "--by", "alice").status == 1)
    }

    private static func push(_ text: String, _ path: String, in scratch: Scratch) async throws -> String {
        let line = try await scratch.json("push", "npm", "-", "--as", path, input: text).succeeded().line("published")
        return try #require(line["digest"])
    }

    private var kept: [String] { get throws { try scratch.files("root/feeds/npm/quarantine") } }

    private func purge(_ options: String...) async throws -> Tool.Result {
        try await scratch.json(["quarantine", "purge", "npm", "--older", "0s"] + options)
    }

    @Test("the list says since when, why, which packages name it, and whether a good copy is in place")
    func list() async throws {
        _ = try await scratch.run("push", "npm", "-", "--as", "b", input: "two").succeeded()
        let line = try await scratch.json("quarantine", "list", "npm").succeeded().line("quarantined")
        #expect(line["digest"] == digest && line[number: "size"] == 3)
        #expect(line["by"] == "alice" && line["since"]?.hasSuffix("Z") == true && line["why"] != nil)
        #expect(line["state"] == "needed" && line[bool: "replaced"] == false)
        #expect(line.fields["packages"] == .array([.string("a")]) && line[number: "packageCount"] == 1)
        _ = try await Self.push("one", "a", in: scratch)
        let healed = try await scratch.json("quarantine", "list").succeeded().line("quarantined")
        #expect(healed["state"] == "replaced" && healed[bool: "replaced"] == true)
        #expect(try await scratch.run("quarantine", "list", "npm").succeeded().output.contains("  affects a\n"))
        // A blob of the right size that is not good is no good copy.
        try scratch.write(scratch.blob("npm", digest: digest), "OnE")
        #expect(try await scratch.json("quarantine", "list").line("quarantined")["state"] == "needed")
    }

    @Test("the last copy of what a package names stays, damaged as it is, unless --damaged lets it go")
    func lastCopy() async throws {
        let before = try kept
        #expect(before.count == 2)
        let refused = try await purge().succeeded()
        #expect(try refused.line("quarantined")["state"] == "needed")
        #expect(try refused.line("summary")[number: "kept"] == 1)
        // A package that is deleted can be restored, and so names it, too.
        try await scratch.run("rm", "npm", "a").succeeded()
        #expect(try await purge().succeeded().line("summary")[number: "purged"] == 0)
        #expect(try kept == before)
        let preview = try await purge("--damaged", "--dry-run").succeeded()
        #expect(try preview.line("purged")[bool: "dryRun"] == true)
        #expect(try kept == before)
        let purged = try await purge("--damaged").succeeded()
        #expect(try purged.line("purged")["state"] == "needed")
        #expect(try purged.line("summary")[number: "bytes"] == 3)
        #expect(try kept == [])
    }

    @Test("what has a good blob in place goes, with its note; one that is good itself never goes before that")
    func good() async throws {
        let name = try #require(try kept.first { !$0.hasSuffix(".json") })
        try scratch.write("root/feeds/npm/quarantine/\(name)", "one")
        for options in [[], ["--damaged"]] {
            let result = try await scratch.json(["quarantine", "purge", "npm", "--older", "0s"] + options).succeeded()
            #expect(try result.line("quarantined")["state"] == "good")
        }
        #expect(try kept.count == 2)
        try await scratch.run("repair", "npm").succeeded()
        #expect(try await purge().succeeded().line("purged")["state"] == "replaced")
        #expect(try kept == [])
        #expect(try await scratch.run("pull", "npm", "a", "-o", "-").output == "one")
    }

    @Test("ages are those of the note by the storage's clock; what has no note gets one, and stays")
    func ages() async throws {
        _ = try await Self.push("one", "a", in: scratch)
        let name = try #require(try kept.first { !$0.hasSuffix(".json") })
        let place = "root/feeds/npm/quarantine/\(name)"
        _ = try await scratch.shell("touch -d '90 days ago' \(place)").succeeded()
        let young = try await scratch.json("quarantine", "purge", "npm").succeeded().line("summary")
        #expect(young[number: "young"] == 1 && young[number: "purged"] == 0)
        try FileManager.default.removeItem(atPath: "\(scratch.path)/\(place).json")
        #expect(try await purge("--dry-run").succeeded().line("summary")[number: "young"] == 1)
        #expect(try kept == [name])
        #expect(try await purge().succeeded().line("summary")[number: "young"] == 1)
        #expect(try kept == [name, name + ".json"])
        _ = try await scratch.shell("touch -d '29 days ago' \(place).json").succeeded()
        #expect(try await scratch.json("quarantine", "purge", "npm").line("summary")[number: "young"] == 1)
        _ = try await scratch.shell("touch -d '31 days ago' \(place).json").succeeded()
        #expect(try await scratch.json("quarantine", "purge", "npm").line("summary")[number: "purged"] == 1)
        #expect(try kept == [])
    }

    @Test("while a record cannot be read, what it may name stays, and the run is incomplete")
    func unreadable() async throws {
        try scratch.write("root/feeds/npm/packages/a.json", "{")
        for options in [[], ["--dry-run"]] {
            let result = try await scratch.json(["quarantine", "purge", "npm", "--older", "0s"] + options)
            #expect(result.status == 2)
            #expect(try result.line("quarantined")["state"] == "unknown")
            #expect(try result.line("summary")[bool: "complete"] == false)
        }
        #expect(try kept.count == 2)
        #expect(try await scratch.run("quarantine", "list", "npm", "gone").status == 2)
        #expect(try await scratch.run("quarantine", "purge").status == 64)
        try FileManager.default.removeItem(atPath: scratch.path + "/root/feeds/npm/packages/a.json")
        #expect(try await purge().succeeded().line("purged")["state"] == "unnamed")
        #expect(try kept == [])
    }

    @Test("a note whose content is gone goes, too")
    func notes() async throws {
        let name = try #require(try kept.first { !$0.hasSuffix(".json") })
        try FileManager.default.removeItem(atPath: "\(scratch.path)/root/feeds/npm/quarantine/\(name)")
        try await scratch.run("quarantine", "purge", "npm").succeeded()
        #expect(try kept == [name + ".json"])
        _ = try await purge().succeeded()
        #expect(try kept == [])
    }
}

import FoundationEssentials
import Glibc
import Testing

@Suite("What feeds hold is counted")
struct StatsTests {
    @Test("packages, deleted ones, former revisions, content stored once, and what is set aside")
    func figures() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("feed", "create", "m", "--mutable").succeeded()
        for name in ["a", "b", "c"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: "the same").succeeded()
        }
        try await scratch.run("push", "npm", "-", "--as", "d", input: "gone").succeeded()
        try await scratch.run("rm", "npm", "d").succeeded()
        try await scratch.run("push", "m", "-", "--as", "x", input: "one").succeeded()
        try await scratch.run("push", "m", "-", "--as", "x", input: "three").succeeded()
        let lines = try await scratch.json("stats").succeeded().lines
        #expect(lines.map { $0["feed"] } == ["m", "npm"])
        let expected: [String: Int64] = [
            "packages": 3, "packageBytes": 24, "deleted": 1, "formerRevisions": 1, "blobs": 2, "bytes": 12,
            "sharedBytes": 16, "quarantined": 0, "retired": 0, "staged": 0, "unreadable": 0,
        ]
        for (field, value) in expected { #expect(lines.last?[number: field] == value, "\(field)") }
        let mutable: [String: Int64] = [
            "packages": 1, "packageBytes": 5, "formerRevisions": 1, "blobs": 2, "bytes": 8, "sharedBytes": 0,
        ]
        for (field, value) in mutable { #expect(lines.first?[number: field] == value, "\(field)") }
        let text = try await scratch.run("stats").succeeded().output.split(separator: "\n")
        #expect(text.count == 4 && text.last?.hasPrefix("all") == true)
    }

    @Test("what each folder at the top holds is told, and what is in none")
    func folders() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for path in ["b/x", "B/y", "b/d/z", "b.tgz", "top", "gone/a"] {
            try await scratch.run("push", "npm", "-", "--as", path, input: path).succeeded()
        }
        try await scratch.run("rm", "npm", "gone/a").succeeded()
        let lines = try await scratch.json("stats", "npm", "--by-folder").succeeded().lines
            .filter { $0.type == "folder" }
        let found = lines.map { "\($0["folder"] ?? "-") \($0[number: "packages"] ?? -1) \($0[number: "bytes"] ?? -1)" }
        #expect(found == ["B/ 1 3", "b/ 2 8", " 2 8"])
        let text = try await scratch.run("stats", "npm", "--by-folder").succeeded().output
        #expect(text.contains("b/ ") && text.contains("no folder "))
    }

    @Test("a person sees the largest folders, and one line for all others")
    func manyFolders() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for number in 1...23 {
            try scratch.write("tree/\(number)/file", String(repeating: "x", count: number))
        }
        try await scratch.run("import", "npm", "tree").succeeded()
        let rows = try await scratch.run("stats", "npm", "--by-folder").succeeded().output.split(separator: "\n")
        let last = try #require(rows.last)
        #expect(last.hasPrefix("3 other folders ") && last.hasSuffix("6 B"), "\(rows)")
        #expect(rows.filter { $0.hasPrefix("23/") }.count == 1 && !rows.contains { $0.hasPrefix("3/") })
    }

    @Test("a pipe and a link among the records are told, and all else is counted")
    func strays() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "other")
        for name in ["a", "z/b"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded()
        }
        try scratch.makePipe("root/feeds/npm/packages/m.json")
        symlink("/tmp", scratch.place("npm") + "/packages/q")
        let result = try await scratch.json("stats")
        #expect(result.status == 2)
        let line = try #require(try result.lines.first { $0.type == "stats" && $0["feed"] == "npm" })
        #expect(line[number: "packages"] == 2 && line[number: "blobs"] == 2 && line[number: "unreadable"] == 2)
        let errors = try result.lines.filter { $0.type == "error" }
        #expect(errors.map { $0["item"] } == ["npm: packages/m.json", "npm: packages/q"])
        #expect(try result.lines.contains { $0.type == "stats" && $0["feed"] == "other" })
    }

    @Test(
        "a folder that cannot be read is told, and all else is counted",
        arguments: [
            ("packages/a", [2, 3, 1]), ("packages", [0, 3, 1]), ("blobs", [3, 0, 1]), ("quarantine", [3, 3, 0]),
        ] as [(String, [Int64])])
    func closed(_ folder: String, _ expected: [Int64]) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a/1", "b/2", "c"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded()
        }
        try scratch.write("root/feeds/npm/quarantine/\(String(repeating: "0", count: 64)).x", "bad")
        let result = try await scratch.closing("root/feeds/npm/\(folder)") {
            try await scratch.unprivileged("stats", "npm")
        }
        #expect(result.status == 2)
        let line = try result.line("stats")
        let figures = ["packages", "blobs", "quarantined"].map { line[number: $0] }
        #expect(figures == expected.map(Optional.some) && line[number: "unreadable"] == 1)
        #expect(try result.line("error")["item"]?.hasPrefix("npm: \(folder)") == true)
        #expect(try result.line("error")["code"] == "permissionDenied")
    }

    @Test("a feed without packages has no list of folders")
    func emptyFeed() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        #expect(try await scratch.run("stats", "--by-folder").succeeded().output.contains("in npm") == false)
    }

    @Test("damaged content in quarantine is counted, and a record that cannot be read is told")
    func damage() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "b"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: "content \(name)").succeeded()
        }
        let digest = try #require(try await scratch.json("stat", "npm", "a").line("package")["digest"])
        let hex = String(digest.dropFirst("sha256:".count))
        let blob = "root/feeds/npm/blobs/sha256/\(hex.prefix(2))/\(hex)"
        try scratch.write(blob, "Content a")
        #expect(try await scratch.run("repair", "npm").status == 1)
        let line = try await scratch.json("stats", "npm").succeeded().line("stats")
        #expect(line[number: "quarantined"] == 1 && line[number: "quarantinedBytes"] == 9)
        #expect(line[number: "blobs"] == 1 && line[number: "packages"] == 2)
        try scratch.write("root/feeds/npm/packages/b.json", "{")
        let result = try await scratch.json("stats", "npm")
        #expect(result.status == 2)
        #expect(try result.line("stats")[number: "unreadable"] == 1)
        #expect(try await scratch.run("stats", "npm", "other").status == 2)
    }
}

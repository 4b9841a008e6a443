import FoundationEssentials
import Testing

@Suite("Packages are found by their content")
struct FindTests {
    /// Publishes text, and returns its digest.
    private func push(_ text: String, _ feed: String, _ path: String, in scratch: Scratch) async throws -> String {
        let line = try await scratch.json("push", feed, "-", "--as", path, input: text).succeeded().line("published")
        return try #require(line["digest"])
    }

    private func found(_ result: Tool.Result) throws -> [String] {
        try result.lines.filter { $0.type == "found" }.map {
            "\($0["feed"] ?? "") \($0["path"] ?? "") \($0["state"] ?? "")"
        }
    }

    @Test("current, deleted and former ones of all feeds are told apart, and --feed narrows")
    func states() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("feed", "create", "snap", "--mutable").succeeded()
        let digest = try await push("one", "npm", "a", in: scratch)
        for path in ["b", "c"] { _ = try await push("one", "npm", path, in: scratch) }
        _ = try await push("other", "npm", "d", in: scratch)
        try await scratch.run("rm", "npm", "b").succeeded()
        try await scratch.run("rm", "npm", "c").succeeded()
        try await scratch.run("restore", "npm", "c").succeeded()
        _ = try await push("one", "snap", "s", in: scratch)
        _ = try await push("two", "snap", "s", in: scratch)
        let all = try await scratch.json("find", digest).succeeded()
        #expect(try found(all) == ["npm a current", "npm b deleted", "npm c current", "snap s former"])
        let former = try #require(try all.lines.first { $0["state"] == "former" })
        #expect(former[number: "size"] == 3 && former.fields["deleted"] == nil)
        // What is told is what brings it back.
        try await scratch.run("restore", "snap", "s", "--revision", former["revision"] ?? "").succeeded()
        #expect(try await scratch.run("pull", "snap", "s", "-o", "-").output == "one")
        #expect(try all.lines.first { $0["state"] == "deleted" }?.fields["deleted"] != nil)
        let narrow = try await scratch.json("find", digest, "--feed", "snap").succeeded()
        #expect(try found(narrow) == ["snap s current"])
        let blobs = try all.lines.filter { $0.type == "blob" }
        #expect(blobs.map { $0[number: "packages"] } == [3, 1])
        #expect(blobs.allSatisfy { $0[bool: "stored"] == true && $0[number: "size"] == 3 })
        let text = try await scratch.run("find", digest).succeeded().output
        #expect(text.contains("deleted  npm  \(digest)  b  (deleted "))
    }

    @Test("a digest is found by its first 8 digits, bare or not, and one that is named nowhere ends with 1")
    func prefixes() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let digest = try await push("one", "npm", "a", in: scratch)
        let hex = String(digest.dropFirst("sha256:".count))
        for text in [hex, String(hex.prefix(8)), "sha256:" + hex.prefix(20)] {
            #expect(try found(await scratch.json("find", text).succeeded()) == ["npm a current"], "\(text)")
        }
        let absent = String(repeating: "0", count: 64)
        let both = try await scratch.json("find", hex, absent)
        #expect(both.status == 1)
        #expect(try found(both) == ["npm a current"])
        #expect(try both.line("summary")[bool: "complete"] == true)
        #expect(try await scratch.run("find", absent).output == "sha256:\(absent): no package names it\n")
        for text in [String(hex.prefix(7)), hex + "0", "sha256:", "md5:" + hex, hex.uppercased()] {
            #expect(try await scratch.run("find", text).status == 64, "\(text)")
        }
    }

    @Test("content that no package names, and content in quarantine or retired, is told of, and is not found")
    func content() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let digest = try await push("one", "npm", "a", in: scratch)
        let hex = String(digest.dropFirst("sha256:".count))
        let other = String(hex.prefix(8)) + String(repeating: "0", count: 56)
        try scratch.write(scratch.blob("npm", digest: "sha256:" + other), "orphan")
        let file = scratch.path + "/" + scratch.blob("npm", digest: digest)
        for name in ["retired/\(hex).x", "quarantine/\(hex).x", "quarantine/\(hex).y", "quarantine/\(hex).y.json"] {
            try scratch.write("root/feeds/npm/\(name)", "{}")
        }
        try FileManager.default.removeItem(atPath: file)
        let blobs = try await scratch.json("find", String(hex.prefix(8))).succeeded().lines.filter { $0.type == "blob" }
        #expect(blobs.count == 2)
        let orphan = try #require(blobs.first { $0["digest"] == "sha256:" + other })
        #expect(orphan[bool: "stored"] == true && orphan[number: "packages"] == 0 && orphan[number: "size"] == 6)
        let lost = try #require(blobs.first { $0["digest"] == digest })
        #expect(lost[bool: "stored"] == false && lost[number: "packages"] == 1)
        #expect(lost[number: "retired"] == 1 && lost[number: "quarantined"] == 2)
        let unnamed = try await scratch.json("find", other)
        #expect(unnamed.status == 1)
        #expect(try unnamed.line("blob")[bool: "stored"] == true)
    }

    @Test("what could not be read is never absent: the search is incomplete, and the rest is found")
    func incomplete() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "other")
        let digest = try await push("one", "npm", "a", in: scratch)
        _ = try await push("two", "npm", "b", in: scratch)
        try scratch.write("root/feeds/npm/packages/b.json", "{")
        let garbled = try await scratch.json("find", digest)
        #expect(garbled.status == 2)
        #expect(try found(garbled) == ["npm a current"])
        #expect(try garbled.line("summary")[bool: "complete"] == false)
        #expect(try garbled.line("error")["item"] == "npm: b")
        let absent = String(repeating: "0", count: 64)
        #expect(try await scratch.run("find", absent).output.contains("no package that could be read names it"))
        try FileManager.default.removeItem(atPath: scratch.place("npm") + "/root.json")
        let gone = try await scratch.json("find", digest)
        #expect(gone.status == 2)
        #expect(try gone.line("summary")[number: "feeds"] == 1)
        #expect(try await scratch.json("find", digest, "--feed", "nope").status == 2)
        for command in [["find", digest, "--feed", "othr"], ["quarantine", "list", "othr"]] {
            let mistyped = try await scratch.json(command)
            #expect(try mistyped.status == 2 && mistyped.line("error")["message"]?.contains("use \"other\"") == true)
        }
        let both = try await scratch.run("quarantine", "list", "other", "npm")
        #expect(both.status == 2 && both.errors.contains("1 of 2 failed:"))
        #expect(try await scratch.run("quarantine", "list", "npm").errors.contains(" failed:") == false)
    }
}

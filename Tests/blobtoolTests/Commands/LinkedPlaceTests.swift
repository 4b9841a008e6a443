import FoundationEssentials
import Testing

@Suite("A feed's place in the server root that is a symbolic link")
struct LinkedPlaceTests {
    /// A feed with a package, whose place was moved away, with a link to it left behind.
    private func linked(_ link: String) async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("file", "content")
        try await scratch.run("push", "npm", "file").succeeded()
        try FileManager.default.moveItem(atPath: "\(scratch.root)/\(link)", toPath: scratch.path + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.root)/\(link)", withDestinationPath: scratch.path + "/elsewhere")
        return scratch
    }

    private func files(_ path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    }

    @Test(
        "is entered by no command, which says how a feed gets a root elsewhere", arguments: ["feeds", "feeds/npm"])
    func refused(_ link: String) async throws {
        let scratch = try await linked(link)
        let before = try files(scratch.path + "/elsewhere")
        for command in [
            ["push", "npm", "file", "--as", "new"], ["pull", "npm", "file", "-o", "out"], ["ls", "npm"],
            ["feed", "delete", "npm", "--purge"], ["gc", "npm", "--delete"], ["check", "npm"], ["repair", "npm"],
        ] {
            let result = try await scratch.run(command)
            #expect(result.status == 2, "\(command)")
            let text = result.errors + result.output
            #expect(text.contains("symbolic link"), "\(command): \(text)")
            #expect(text.contains("--feed-root") && !text.contains("remove"), "\(command): \(text)")
        }
        if link == "feeds" { #expect(try await scratch.run("feed", "create", "other").status == 2) }
        #expect(try files(scratch.path + "/elsewhere") == before)
    }

    @Test("becomes a root of the feed's own, and all is there again")
    func named() async throws {
        let scratch = try await linked("feeds/npm")
        try await scratch.run("feed", "set", "npm", "--feed-root", scratch.path + "/elsewhere").succeeded()
        try await scratch.run("pull", "npm", "file", "-o", "out").succeeded()
        #expect(scratch.read("out") == "content")
        try await scratch.run("feed", "delete", "npm", "--purge").succeeded()
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/elsewhere"))
    }
}

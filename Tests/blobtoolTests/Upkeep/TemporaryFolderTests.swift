import Testing

@Suite("Temporary files are where TMPDIR says")
struct TemporaryFolderTests {
    private func check(_ scratch: Scratch, _ folder: String) async throws -> Tool.Result {
        try await Tool.run(
            "check", "npm", environment: ["BLOBSTORE_ROOT": scratch.root, "TMPDIR": folder], directory: scratch.path)
    }

    @Test("a folder that is missing is named, with the variable that chose it")
    func missing() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let result = try await check(scratch, scratch.path + "/none")
        #expect(result.status == 2)
        let output = result.output + result.errors
        #expect(output.contains("a temporary file in \(scratch.path)/none (see TMPDIR)"), "\(output)")
    }

    @Test("nothing stays there, and without a name it is the system's own")
    func kept() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("own/file", "")
        for folder in ["own", ""] { #expect(try await check(scratch, folder).status == 0) }
        #expect(try scratch.files("own") == ["file"])
    }
}

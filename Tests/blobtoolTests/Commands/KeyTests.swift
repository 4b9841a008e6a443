import Testing

struct KeyTests {
    @Test("an API key is made, shown once, listed and revoked")
    func life() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let options = ["--feed", "npm", "--scope", "publish", "--expires", "90d", "--name", "ci"]
        let made = try await scratch.json(["key", "create"] + options).line("key")
        let id = try #require(made["id"])
        #expect(made["secret"]?.hasPrefix("bs_\(id)_") == true)
        let listed = try await scratch.json("key", "list").line("key")
        #expect(listed["id"] == id)
        #expect(listed["name"] == "ci")
        #expect(listed["secret"] == nil)
        #expect(listed[bool: "valid"] == true)
        #expect(try await scratch.json("key", "revoke", id).line("revoked")["id"] == id)
        #expect(try await scratch.json("key", "list").line("key")[bool: "valid"] == false)
    }
}

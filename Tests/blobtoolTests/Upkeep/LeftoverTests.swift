import FoundationEssentials
import Testing

@Suite("What is deleted with all that is in it leaves no folders behind")
struct LeftoverTests {
    @Test("the root that a feed moved away from, and the root of a feed that is purged")
    func folders() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("file", "content")
        try await scratch.run("push", "npm", "file").succeeded()
        let other = scratch.path + "/other"
        try await scratch.run("migrate", "npm", "--to", other).succeeded()
        try await scratch.run("migrate", "npm", "--to", other, "--delete-source").succeeded()
        #expect(!FileManager.default.fileExists(atPath: scratch.place("npm")))
        try await scratch.run("feed", "delete", "npm", "--purge").succeeded()
        #expect(!FileManager.default.fileExists(atPath: other))
    }
}

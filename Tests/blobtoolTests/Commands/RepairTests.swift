import BlobStore
import FoundationEssentials
import Testing

struct RepairTests {
    @Test("each package of what cannot be repaired is named, in the error and in the file for the next run")
    func packages() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let digest = try await scratch.json("push", "npm", "-", "--as", "a", input: "shared").line("published")[
            "digest"]
        try await scratch.run("push", "npm", "-", "--as", "b", input: "shared").succeeded()
        try scratch.write(scratch.blob("npm", digest: digest ?? ""), "SHARED")
        let result = try await scratch.json("repair", "npm", "--failed", "lost.txt", "--dry-run")
        #expect(result.status == 1)
        let error = try result.line("error")
        #expect(error["item"] == "a" && error.fields["packages"] == .array([.string("a"), .string("b")]))
        #expect(scratch.read("lost.txt") == "a\nb\n")
        #expect(try result.line("summary")[number: "omitted"] == 0)
        let text = try await scratch.run("repair", "npm")
        #expect(text.status == 1 && text.errors.contains("error: a: ") && text.errors.contains("\n  and b\n"))
    }

    @Test("a corrupt blob that no package needs has an error without packages")
    func orphan() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let blob = scratch.blob("npm", digest: "sha256:" + String(repeating: "0", count: 64))
        try scratch.write(blob, "not what its name says")
        let result = try await scratch.json("repair", "npm")
        #expect(result.status == 1)
        #expect(try result.line("error").fields["packages"] == .array([]))
    }
}

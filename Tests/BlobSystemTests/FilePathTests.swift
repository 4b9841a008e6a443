import BlobSystem
import Testing

@Suite("The text of a path")
struct FilePathTests {
    @Test(
        "a path has a directory and a name, whatever slashes are at its end",
        arguments: [
            ("a", ".", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("/a/b/", "/a", "b"), ("a/b//", "a", "b"),
            ("a//b", "a/", "b"), ("a/", ".", "a"),
        ])
    func parts(_ path: String, _ folder: String, _ name: String) throws {
        let parts = try #require(FilePath.split(path))
        #expect(parts.folder == folder && parts.name == name)
    }

    @Test("the root and nothing have neither", arguments: ["", "/", "//"])
    func none(_ path: String) {
        #expect(FilePath.split(path) == nil)
    }

    @Test("a letter that combines with the slash before it begins the name")
    func combining() throws {
        let parts = try #require(FilePath.split("a/\u{301}b"))
        #expect(parts.folder == "a")
        #expect(Array(parts.name.utf8) == Array("\u{301}b".utf8))
    }
}

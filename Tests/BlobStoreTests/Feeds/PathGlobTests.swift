import BlobStore
import Testing

@Suite("Patterns of a command line, and what they filter")
struct PathGlobTests {
    @Test(
        "a pattern without a slash fits the name in any folder, one with a slash the whole path",
        arguments: [
            ("*.tgz", "a.tgz", true), ("*.tgz", "d/e/a.tgz", true), ("*.tgz", "a.tgz/b", false),
            ("/*.tgz", "a.tgz", true), ("/*.tgz", "d/a.tgz", false), ("d/*", "d/a", true), ("d/*", "x/d/a", false),
            ("d/*", "d/e/a", false), ("d/**", "d/e/a", true), ("**/d/*", "x/d/a", true), ("d/", "d/e/a", true),
            ("d/", "d", false), ("d/", "e/d/a", false), ("/d/", "d/a", true), ("**", "a/b", true),
            ("a?c", "abc", true), ("a?c", "a/c", false), ("a?c", "ac", false), ("?", "é", true),
            ("lib-[0-9]*", "lib-1.2", true), ("lib-[0-9]*", "lib-x", false), ("[!a-c]", "d", true),
            ("[^a-c]", "b", false), ("[]a]", "]", true), ("[a-]", "-", true), ("[é-ü]", "ö", true),
            ("a\\*", "a*", true), ("a\\*", "ab", false), ("\\[a]", "[a]", true), ("[\\]]", "]", true),
            ("A", "a", false), ("{a,b}", "a", false), ("é", "e\u{301}", false),
        ])
    func matching(_ pattern: String, _ path: String, _ isFit: Bool) throws {
        #expect(try PathGlob(pattern).matches(path) == isFit, "\(pattern) and \(path)")
    }

    @Test(
        "what is no pattern is refused with its reason",
        arguments: [
            ("", "empty"), ("a//b", "empty segment"), ("/", "empty segment"), ("[a", "not closed"),
            ("[]", "not closed"), ("[z-a]", "backwards"), ("a**", "does not stand alone"), ("d/a**b", "alone"),
            ("a\\", "backslash"), ("../a", "segment . or .."), ("a/./b", "segment . or .."), ("a\0", "null"),
            ("[a/b]", "not closed"), (String(repeating: "a", count: 1_025), "longer than"),
        ])
    func flaws(_ text: String, _ words: String) {
        do {
            _ = try PathGlob(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.code == .invalidArgument && error.message.contains(words), "\(error)")
        }
    }

    @Test("many stars take no time that grows without bound")
    func stars() throws {
        let pattern = try PathGlob(String(repeating: "a*", count: 60) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 200)))
    }

    @Test("what is excluded stays out although it is included; without patterns to include all others are wanted")
    func filter() throws {
        let filter = PathFilter(including: [try PathGlob("*.tgz")], excluding: [try PathGlob("old/**")])
        #expect(filter.admits("a.tgz") && filter.admits("d/a.tgz"))
        #expect(!filter.admits("a.zip") && !filter.admits("old/a.tgz"))
        let excluding = PathFilter(excluding: [try PathGlob("*.zip"), try PathGlob("x/")])
        #expect(excluding.admits("a") && !excluding.admits("a.zip") && !excluding.admits("x/y"))
        #expect(PathFilter().isEmpty && PathFilter().admits("a"))
    }

    @Test("patterns that feeds keep know no other signs than before")
    func kept() throws {
        #expect(try PathPattern("a?[b]").matches(PackagePath("a?[b]")))
        #expect(try !PathPattern("*.json").matches(PackagePath("d/a.json")))
    }
}

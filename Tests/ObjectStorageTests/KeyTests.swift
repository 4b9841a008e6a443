import BlobStoreTesting
import ObjectStorage
import Testing

@Suite("Keys and folders")
struct KeyTests {
    @Test(
        "a valid key is taken as it is",
        arguments: [
            "a", "a/b", "blobs/sha256/00/00ff", "!left!pad/1.0.0.json", "a b/c d", "a-b+@()[]{}#$&',;=^`_", "a%2e",
            "a.json.txt/x", ".json5", "x/jso.n", String(repeating: "a", count: 255),
            [String](repeating: String(repeating: "b", count: 204), count: 5).joined(separator: "/"),
        ].filter { $0 != ".json5" })
    func valid(_ text: String) throws {
        #expect(try Key(text).text == text)
    }

    @Test(
        "an invalid key is refused with the rule that it breaks",
        arguments: [
            ("", "is empty"), ("/a", "empty segment"), ("a/", "empty segment"), ("a//b", "empty segment"),
            (".", "dot"), ("..", "dot"), ("a/../b", "dot"), (".a", "dot"), ("a.", "dot"), ("a /b", "space"),
            (" a", "space"), ("A", "character"), ("é", "character"), ("a\u{0}", "character"), ("a\u{7F}", "character"),
            ("a\tb", "character"), ("a\nb", "character"), ("a\\b", "character"), ("a:b", "character"),
            ("a*", "character"), ("a?", "character"), ("a\"", "character"), ("a<b", "character"), ("a>b", "character"),
            ("a|b", "character"), ("a~b", "character"), ("a.json/b", "folder named like a record"),
            ("a/.json", "dot"), (String(repeating: "a", count: 256), "over 255"),
            (
                [String](repeating: String(repeating: "b", count: 205), count: 5).joined(separator: "/"),
                "longer than 1024"
            ),
        ])
    func invalid(_ text: String, _ rule: String) {
        let error = #expect(throws: StoreError.self) { try Key(text) }
        #expect(error?.code == .invalidKey)
        #expect(error?.message.contains(rule) == true, "\(error?.message ?? "")")
    }

    @Test("keys sort by their bytes")
    func order() throws {
        let names = ["a b", "a!b", "a-b", "a.b", "a/b", "a0", "ab", "b", "{"]
        let keys = try names.map { try Key($0) }
        #expect(keys.reversed().sorted() == keys)
    }

    @Test("random keys are valid exactly where each rule holds, and a folder and a name make up the key")
    func random() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let letters = Array("abz09-_+@!. /~AE:\u{7F}é".unicodeScalars)
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                text.unicodeScalars.append(letters[Int.random(in: 0..<letters.count, using: &generator)])
            }
            let segments = text.split(separator: "/", omittingEmptySubsequences: false)
            let isValid = segments.allSatisfy { segment in
                !segment.isEmpty && segment.allSatisfy { "abz09-_+@!. ".contains($0) }
                    && !". ".contains(segment.first ?? ".") && !". ".contains(segment.last ?? ".")
            }
            let key = try? Key(text)
            #expect((key != nil) == isValid, "seed \(seed): \"\(text)\"")
            guard let key else { continue }
            #expect(try key.folder.appending(key.name) == key, "seed \(seed)")
            #expect(key.folder.contains(key), "seed \(seed)")
        }
    }

    @Test(
        "a record is told by the end of its name",
        arguments: [
            ("a.json", true), ("a/b.json", true), ("a.jso", false), ("json", false), ("a.json.x", false),
            ("!.json", true),
        ])
    func kind(_ text: String, _ isRecord: Bool) throws {
        let key = try Key(text)
        #expect(key.isRecord == isRecord)
        #expect((try? key.expectRecord()) != nil || !isRecord)
        #expect((try? key.expectObject()) != nil || isRecord)
    }

    @Test(
        "a folder ends with a slash and is as valid as its keys",
        arguments: [
            ("", true), ("a/", true), ("a/b/", true), ("a", false), ("/", false), ("a//", false), ("../", false),
            ("a.json/", false), ("A/", false), (" /", false),
        ])
    func folder(_ text: String, _ isValid: Bool) {
        #expect(((try? KeyPrefix(text)) != nil) == isValid)
    }

    @Test("a folder holds its keys and no others")
    func containment() throws {
        let folder = try KeyPrefix("a/b/")
        #expect(folder.contains(try Key("a/b/c")))
        #expect(folder.contains(try Key("a/b/c/d")))
        for other in ["a/b", "a/b-c", "a", "b/a/b/c"] { #expect(!folder.contains(try Key(other))) }
        #expect(KeyPrefix.root.contains(try Key("anything")))
        #expect(throws: StoreError.self) { try folder.appending("x.json/") }
    }
}

import BlobStoreTesting
import Testing

@testable import BlobStore

@Suite struct PackagePathTests {
    /// Segments that are hard on somebody's filesystem, and pieces to put others together from.
    private static let pieces = [
        "a", "B", "z", "É", "e\u{301}", "é", "日本", "🦊", ".", " ", "~", "%", "!", "con", "CON", "nul", "Aux", "com1",
        "lpt0",
        "conin$", ".json", "\\", "\"", "*", ":", "<", ">", "?", "|", "\u{1}", "\u{7F}", "-", "_", "+", "@", "#", "json",
        "$",
    ]

    private func randomPath(_ random: inout some RandomNumberGenerator) -> String {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in
            (0..<Int.random(in: 1...6, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "a" }
                .joined()
        }.joined(separator: "/")
    }

    @Test("a path's name is what follows its last slash, also where a letter combines with that slash")
    func name() throws {
        #expect(try PackagePath("a/b/c.tgz").name == "c.tgz")
        #expect(try PackagePath("c").name == "c")
        #expect(try Array(PackagePath("a/\u{301}b").name.utf8) == Array("\u{301}b".utf8))
        #expect(
            try PackagePath("a/\u{301}b/c").segments.map { Array($0.utf8) }
                == ["a", "\u{301}b", "c"].map { Array($0.utf8) })
    }

    @Test("every valid path comes back from its key, byte for byte")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let text = randomPath(&random)
            guard let path = try? PackagePath(text) else { continue }
            let back = try PackagePath(of: path.key)
            #expect(Array(back.text.utf8) == Array(text.utf8), "seed \(seed)")
        }
    }

    @Test("two paths never share a key, not even when case is ignored")
    func uniqueAfterFolding() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var seen: [String: [UInt8]] = [:]
        for _ in 0..<20_000 {
            let text = randomPath(&random)
            guard let path = try? PackagePath(text) else { continue }
            let folded = path.key.text.lowercased()
            #expect(folded == path.key.text, "seed \(seed): keys have no capitals")
            if let other = seen[folded] { #expect(other == Array(text.utf8), "seed \(seed)") }
            seen[folded] = Array(text.utf8)
        }
        #expect(seen.count > 10_000)
    }

    @Test(
        "a key that would be escaped differently is refused",
        arguments: [
            "packages/%41.json", "packages/%61.json", "packages/!1.json", "packages/a!.json", "packages/%2.json",
            "packages/con.json", "packages/a%2e.b.json", "packages/%ff.json", "packages/x%2ejson.json", "blobs/a.json",
            "packages/a%2fb.json", "packages/%2e%2e/a.json", "packages/%00.json", "packages/a..json",
            "packages/a .json", "packages/aux/b.json", "packages/nul.txt.json",
            "packages/\(String(repeating: "x", count: 201)).json",
        ])
    func notCanonical(_ text: String) throws {
        let key = try Key(text)
        #expect(throws: StoreError.self) { try PackagePath(of: key) }
    }

    @Test("a key without escapes is a path's exactly if escaping that path yields it")
    func plainKeys() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var counts = [0, 0]
        for _ in 0..<20_000 {
            let text = randomPath(&random)
            guard !text.contains("!"), !text.contains("%"), let key = try? Key("packages/\(text).json") else {
                continue
            }
            let isPath = (try? PackagePath(text))?.key == key
            #expect(((try? PackagePath(of: key)) != nil) == isPath, "\(key), seed \(seed)")
            counts[isPath ? 0 : 1] += 1
        }
        #expect(counts.allSatisfy { $0 > 20 }, "\(counts)")
    }

    @Test(
        "what is no package path is refused with one sentence",
        arguments: [
            "", "/a", "a//b", "a/", "../x", "a/../b", "./a", "a/.", "a\0b", String(repeating: "x", count: 201),
            (0..<40).map { _ in String(repeating: "y", count: 30) }.joined(separator: "/"),
        ])
    func refused(_ text: String) {
        #expect(
            performing: { try PackagePath(text) },
            throws: { error in
                (error as? StoreError)?.code == .invalidKey && !"\(error)".contains("\n")
            })
    }

    @Test("bytes that are no UTF-8 are refused")
    func invalidUTF8() {
        #expect(throws: StoreError.self) { try PackagePath(utf8: [0x61, 0xFF, 0x62]) }
    }

    @Test("composed and decomposed letters are two paths")
    func normalization() throws {
        #expect(try PackagePath("caf\u{E9}") != PackagePath("cafe\u{301}"))
    }

    @Test("a segment of 200 escaped bytes is taken, and one of 201 is not")
    func segmentLimit() throws {
        #expect(try PackagePath(String(repeating: "A", count: 100)).key.text.utf8.count == 9 + 200 + 5)
        #expect(throws: StoreError.self) { try PackagePath(String(repeating: "A", count: 100) + "b") }
    }
}

import BlobStore
import BlobStoreTesting
import FoundationEssentials
import LocalFiles
import Testing

@testable import BlobTerminal

/// `BLOBSTORE_FUZZ_ROUNDS` makes them longer, `BLOBSTORE_SEED` repeats one.
@Suite("No word of a command line and no line of a list ends the process")
struct FuzzTests {
    private static let rounds = number("BLOBSTORE_FUZZ_ROUNDS") ?? 500

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    private func fuzz(_ test: String, _ samples: [String], _ tokens: [String], _ body: ([UInt8]) throws -> Void)
        rethrows
    {
        let seed = Self.number("BLOBSTORE_SEED").map { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        print("\(test): BLOBSTORE_SEED=\(seed)")
        var mutator = Mutator(seed: seed)
        for _ in 0..<Self.rounds { try body(mutator.mutated(samples, tokens)) }
    }

    @Test("sizes, durations, rates, shares and levels of content are within their bounds")
    func values() {
        let samples = [
            "90s", "15m", "1h30m", "30d", "50MB", "1.5GiB", "512", "50MiB/s", "10%", "0.5%", "3/7", "unverified:30d",
            "none", "all",
        ]
        fuzz("values", samples, ["s", "d", "TiB", "/s", "%", "/", ".", "-", "unverified:", "e9"]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let duration = try? Duration(writtenAs: text) {
                #expect(duration >= .zero)
                #expect((try? Duration(writtenAs: duration.written)) == duration)
                _ = duration.human
            }
            if let size = try? ByteSize(writtenAs: text) {
                #expect(size.bytes >= 0)
                _ = size.human
            }
            if let rate = try? ByteRate(writtenAs: text) { #expect(rate.bytesPerSecond > 0) }
            if let share = try? Percentage(writtenAs: text) { #expect((0...100).contains(share.value)) }
            _ = try? ContentLevel(writtenAs: text)
        }
    }

    @Test("every name has one line, and each line one name")
    func items() {
        let samples = ["plain", "d/one", "\"a\\\\x \\xff\\\"z\"", "a\nb", "\"\\n\"", "é\u{202E}", "\"\\ud83d\\ude00\""]
        fuzz("items", samples, ["\"", "\\", "\\x", "\\xf", "\\u00", "\\n", "\\ud83d"]) { bytes in
            let name = LocalName(bytes: bytes)
            let line = ItemLine.text(name)
            #expect(!line.contains("\n") && ItemLine.name(Array(line.utf8)[...]) == name, "\(line)")
            #expect(line.printable == line)
            _ = ItemLine.name(bytes[...])
        }
    }

    @Test("a name with a line's end, and one with a backslash and an n, are told apart")
    func apart() {
        #expect("a\nb".named() == #""a\nb""# && #"a\nb"#.named() == #"a\nb"#)
        #expect("x  (deleted)".named(before: "  (deleted)") == #""x  (deleted)""#)
    }

    @Test("what is said of a command line that is none is one line")
    func printing() {
        fuzz("printing", ["a\u{1B}[31m", "x\r\n", "\u{2028}", "<b>&\"'"], ["\u{0}", "\u{9F}", "]]>"]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.printable.unicodeScalars.contains { $0.value < 0x20 })
            #expect(!markup(text).contains("<"))
            _ = JSONLine("x", ["y": .string(text)]).text
        }
    }
}

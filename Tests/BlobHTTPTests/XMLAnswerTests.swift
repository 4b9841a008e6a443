import BlobHTTP
import ObjectStorage
import Testing

@Suite("Answers in XML")
struct XMLAnswerTests {
    /// An answer that must have a code.
    private struct Sample: XMLAnswer {
        static let root = "Error"
        var code: String?

        mutating func end(_ name: String, in parent: String, _ text: String) {
            if (parent, name) == ("Error", "Code") { code = text }
        }

        var gap: String? { code == nil ? "it has no code" : nil }
    }

    private func code(_ text: String) throws -> String? { try Sample.parse(Array(text.utf8)).code }

    @Test("an element counts where it stands, whatever is around it")
    func elements() throws {
        #expect(try code("<Error><Code>x</Code></Error>") == "x")
        #expect(
            try code(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <Error xmlns="urn:x"><!-- --><Extra><Code>nested</Code></Extra><Code>a&lt;<![CDATA[<b>]]></Code></Error>
                """) == "a<<b>")
    }

    static let hostile: [String] = [
        "", " ", "<", "no xml", "<html><body>hello</body></html>", "<Error/>", "<Error><Code>x</Code>",
        "<Error><Code>x</Code></Error><Error/>", "<Error><Code>\u{1}</Code></Error>",
        "<!DOCTYPE Error [<!ENTITY a \"aaaa\">]><Error><Code>&a;</Code></Error>",
        "<!DOCTYPE Error SYSTEM \"http://127.0.0.1:1/x\"><Error><Code>x</Code></Error>",
        "<!DOCTYPE Error [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Error><Code>&a;</Code></Error>",
        "<Error><Code>&undefined;</Code></Error>",
        String(repeating: "<Error>", count: 100_000),
        "<Error><Code>" + String(repeating: "x", count: 100_000) + "</Code></Error>",
        "<Error><Code>x</Code>" + String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
            + "</Error>",
    ]

    @Test("hostile input is refused, and nothing is fetched or expanded", arguments: hostile.indices)
    func refused(_ index: Int) {
        #expect(throws: StoreError.self) { try code(Self.hostile[index]) }
    }

    @Test("an answer cut off anywhere is refused")
    func cutOff() throws {
        let whole = Array("<Error><Message>words</Message><Code>x</Code></Error>".utf8)
        #expect(try Sample.parse(whole).code == "x")
        for length in 0..<whole.count {
            #expect(throws: StoreError.self) { try Sample.parse(Array(whole[..<length])) }
        }
    }
}

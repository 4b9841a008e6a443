import BlobBackends
import Testing

@testable import BlobStore

@Suite struct ConfigFileTests {
    private let schemes = Backends().schemes

    @Test("every setting is read, also where a byte order mark or white space stands around")
    func sound() throws {
        for text in [
            #"{"packagesRoot":"/x","rootId":"i"}"#, "\u{FEFF}{ \"rootId\" : \"i\",\r\n\t\"packagesRoot\":\"\\/x\" }\n",
        ] {
            let file = try ConfigFile(path: "c", bytes: Array(text.utf8), schemes: schemes)
            #expect(file.packagesRoot == "/x" && file.rootID == "i")
        }
        #expect(try ConfigFile(path: "c", bytes: Array("{}".utf8), schemes: schemes).packagesRoot == nil)
        let node = Array(#"{"listen":"127.0.0.1:8080","node":"web-1"}"#.utf8)
        let file = try ConfigFile(path: "c", bytes: node, schemes: schemes)
        #expect(file.listen == "127.0.0.1:8080" && file.node == "web-1" && file.packagesRoot == nil)
        for root in ["file:///x", "s3://bucket/x", "/"] {
            let bytes = Array("{\"packagesRoot\":\"\(root)\"}".utf8)
            #expect(try ConfigFile(path: "c", bytes: bytes, schemes: schemes).packagesRoot == root)
        }
    }

    @Test(
        "whatever is wrong is told with its line and column",
        arguments: [
            // No JSON.
            ("", 1, 1, "braces"), ("\n [1]", 2, 2, "braces"), ("\"text\"", 1, 1, "braces"),
            ("{\n  \"rootId\": oops\n}", 2, 13, "quotation marks"), ("{", 1, 2, "key"),
            ("{\"rootId\":", 1, 11, "value"),
            ("{\"rootId\":\"a\"}}", 1, 15, "follow"), ("{\"rootId\" \"a\"}", 1, 11, "colon"),
            ("{\"rootId\":\"a\" \"packagesRoot\":\"/x\"}", 1, 15, "comma"), ("{rootId:\"a\"}", 1, 2, "key"),
            ("{\"rootId\":\"a\n\"}", 1, 13, "closing"), ("{\"rootId\":\"\\q\"}", 1, 11, "backslash"),
            ("{\"rootId\":\"\\ud800\"}", 1, 11, "backslash"), ("{\"rootId\":\"a\\\"}", 1, 16, "closing"),
            // Commas that are too many.
            ("{\n  \"rootId\": \"a\",\n}\n", 2, 16, "comma"), ("{\"x\":[1,\n2 , ]}", 2, 3, "comma"),
            ("{\n  \"packagesRoot\": \"/x\",,\n}", 2, 24, "key"),
            // Numbers.
            ("{\"rootId\":1.}", 1, 11, "not a number"), ("{\"rootId\":01}", 1, 12, "comma"),
            ("{\"rootId\":-}", 1, 11, "not a number"), ("{\"rootId\":1e+}", 1, 11, "not a number"),
            // JSON, but no config.
            ("{\n\"rootId\":\n 1}", 3, 2, "a number"), ("{\"rootId\":null}", 1, 11, "null"),
            ("{\"packagesRoot\":[\"/x\"]}", 1, 17, "a list"), ("{\"packagesRoot\":{}}", 1, 17, "an object"),
            ("{\"packagesRoot\":true}", 1, 17, "true"),
            ("{\"rootId\":\"é\", \"rootid\":\"x\"}", 1, 16, "\"rootid\" is unknown"),
            ("{\"rootId\":\"a\",\n\"rootId\":\"b\"}", 2, 1, "twice"),
            ("{\"packagesRoot\":\"ftp://x/y\"}", 1, 17, "scheme"), ("{\"packagesRoot\":\"\"}", 1, 17, "empty"),
        ])
    func flaws(_ text: String, _ line: Int, _ column: Int, _ hint: String) {
        expectRefusal(Array(text.utf8), line, column, hint)
    }

    @Test("bytes that are no UTF-8 are told with their line and column")
    func bytes() {
        expectRefusal(Array("{\n\"rootId\":\"é".utf8) + [0xFF] + Array("\"}".utf8), 2, 12, "UTF-8")
        expectRefusal([0xFF, 0xFE] + Array("{}".utf8), 1, 1, "UTF-8")
        expectRefusal(Array("{\"rootId\":\"".utf8) + [0xC3], 1, 12, "UTF-8")
    }

    @Test(
        "a relative root is refused: it would be another place in each directory",
        arguments: ["x/y", "./x", "~/x", "."])
    func relative(_ root: String) {
        expectRefusal(Array("{\"packagesRoot\": \"\(root)\"}".utf8), 1, 18, "packagesRoot \"\(root)\" is relative")
    }

    @Test("what is nested without end is refused, not followed")
    func deep() {
        let text = "{\"a\":" + String(repeating: "[", count: 100_000)
        expectRefusal(Array(text.utf8), 1, 517, "too deep")
    }

    private func expectRefusal(_ bytes: [UInt8], _ line: Int, _ column: Int, _ hint: String) {
        #expect(
            "\(String(decoding: bytes.prefix(200), as: UTF8.self))",
            performing: { try ConfigFile(path: "/c", bytes: bytes, schemes: schemes) },
            throws: { error in
                guard let error = error as? StoreError, error.code == .invalidArgument else { return false }
                let start = "the config file /c is broken at line \(line), column \(column): "
                return error.message.hasPrefix(start) && error.message.contains(hint)
            })
    }
}

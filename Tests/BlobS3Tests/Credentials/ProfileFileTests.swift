import BlobStoreTesting
import ObjectStorage
import Testing

@testable import BlobS3

@Suite("Files of the AWS tools")
struct ProfileFileTests {
    private func read(_ text: String) throws -> ProfileFile {
        try ProfileFile(path: "/etc/aws", bytes: Array(text.utf8))
    }

    @Test("sections, properties, comments, indented lines and Windows line ends are read as the AWS tools read them")
    func reading() throws {
        let file = try read(
            "\u{FEFF}# first\r\n[default]\r\nAWS_Access_Key_Id = AKID ; not the key\r\n\r\n"
                + "[profile  \"blue moon\"] # comment\nregion=eu-west-1\nregion = eu-west-2\n"
                + "endpoint_url = http://h/#x\n"
                + "s3 =\n  addressing_style = path\n\n  use_dualstack_endpoint=false\noutput = json\n")
        #expect(file.sections.keys.sorted() == ["default", "profile blue moon"])
        #expect(file.sections["default"]?["aws_access_key_id"]?.value == "AKID")
        let profile = file.sections["profile blue moon"]
        #expect(profile?["region"]?.value == "eu-west-2")
        #expect(profile?["endpoint_url"]?.value == "http://h/#x")
        #expect(profile?["s3"]?.nested == ["addressing_style": "path", "use_dualstack_endpoint": "false"])
        #expect(profile?["output"]?.value == "json")
    }

    @Test(
        "a flaw is refused with file and line, and nothing of the line is told",
        arguments: [
            ("[default]\nHIDDEN\n", 2), ("HIDDEN = 1\n", 1), ("[default]\n\n[HIDDEN\n", 3),
            ("[default]\n= HIDDEN\n", 2),
            ("[ \"\" ]\n", 1), ("[default]\na = HIDDEN\u{0}\n", 2), ("[default]\ns3 =\n  HIDDEN\n", 3),
        ])
    func flaws(_ text: String, _ line: Int) {
        let error = #expect(throws: StoreError.self) { try read(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("/etc/aws, line \(line), ") == true)
        #expect(error.map { !"\($0)".contains("HIDDEN") } == true)
    }

    @Test("what is no UTF-8 is refused with its line")
    func noText() {
        let error = #expect(throws: StoreError.self) {
            try ProfileFile(path: "/etc/aws", bytes: Array("[a]\nx = ".utf8) + [0xFF, 0xFE, 0x0A])
        }
        #expect(error?.message.contains("line 2, is not UTF-8") == true)
    }

    @Test("whatever bytes a file has, it is read or refused with a line, and a secret in it is never told")
    func garbage() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "[", "]", "profile ", "default", "=", " = ", "\n", "\n  ", "#", ";", "\"", "\r\n", "\t", "SECRETSECRET",
        ]
        for _ in 0..<2_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                if Bool.random(using: &generator) {
                    bytes += Array(pieces.randomElement(using: &generator)?.utf8 ?? "".utf8)
                } else {
                    bytes.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            do { _ = try ProfileFile(path: "/etc/aws", bytes: bytes) } catch {
                #expect(error.code == .invalidArgument && error.message.contains("/etc/aws, line "), "seed \(seed)")
                #expect(!"\(error)".contains("SECRETSECRET"), "seed \(seed)")
            }
        }
    }

    @Test("a file of more than a mebibyte, or a folder in its place, is refused by name")
    func tooLarge() async throws {
        let desk = try Desk()
        try desk.put("config", [UInt8](repeating: UInt8(ascii: "#"), count: ProfileFile.maximumBytes + 1))
        let error = await #expect(throws: StoreError.self) {
            try await SharedFiles(profile: nil, environment: desk.environment())
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("\(desk.path)/config") == true)
        let folder = await #expect(throws: StoreError.self) {
            try await SharedFiles(profile: nil, environment: desk.environment(["AWS_CONFIG_FILE": desk.path]))
        }
        #expect(folder?.message.contains(desk.path) == true)
    }

    @Test("a profile that was asked for and is nowhere is refused, with what its section must be called")
    func missing() async throws {
        let desk = try Desk()
        try desk.put("config", "[blue]\nregion = eu-west-1\n")
        let files = try await SharedFiles(profile: "blue", environment: desk.environment())
        let error = #expect(throws: StoreError.self) { try files.checkProfile() }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("[profile blue]") == true)
    }
}

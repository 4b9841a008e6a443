import BlobCrypto
import Testing

@Suite("The fixtures")
struct FixtureTests {
    @Test("each file has the SHA-256 that SHA256SUMS gives it, and no file is missing there")
    func sums() throws {
        var sums: [[UInt8]: String] = [:]  // by bytes: text that only means the same would meet
        for line in try Repository.text("fixtures/SHA256SUMS").split(separator: "\n") {
            let isEscaped = line.hasPrefix("\\")
            let fields = line.drop { $0 == "\\" }
            let name = String(fields.dropFirst(64 + 2))
            sums[Array((isEscaped ? name.replacing("\\\\", with: "\\") : name).utf8)] = String(fields.prefix(64))
        }
        let files = try Repository.files(below: "fixtures/packages")
        #expect(files.count == sums.count)
        for file in files {
            let name = String(file.dropFirst("fixtures/packages/".count))
            #expect(Hasher.hex(.sha256, of: try Repository.bytes(file)) == sums[Array(name.utf8)], "\(name)")
        }
    }

    @Test("there are packages of every kind, each in the folder of its feed")
    func kinds() throws {
        let files = try Repository.files(below: "fixtures/packages")
        for (feed, suffix) in [
            ("npm", ".tgz"), ("pypi", ".whl"), ("pypi", ".tar.gz"), ("nuget", ".nupkg"), ("maven", ".jar"),
            ("maven", ".pom"), ("maven", ".jar.sha1"), ("debian", ".deb"), ("generic", ".zip"),
        ] {
            #expect(files.contains { $0.hasPrefix("fixtures/packages/\(feed)/") && $0.hasSuffix(suffix) }, "\(suffix)")
        }
    }
}

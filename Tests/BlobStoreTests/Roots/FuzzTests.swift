import BlobBackends
import BlobStoreTesting
import BlobSystem
import FoundationEssentials
import Testing

@testable import BlobStore
@testable import LocalFiles

/// `BLOBSTORE_FUZZ_ROUNDS` makes them longer, `BLOBSTORE_SEED` repeats one.
@Suite("No text that others wrote ends the process, and what is taken is said again alike")
struct FuzzTests {
    private let schemes = Backends().schemes
    private static let rounds = number("BLOBSTORE_FUZZ_ROUNDS") ?? 2_000

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    /// Changes the samples again and again.
    private func fuzz(
        _ test: String, _ samples: [String], _ tokens: [String] = [], _ body: ([UInt8]) throws -> Void
    ) rethrows {
        let seed = Self.number("BLOBSTORE_SEED").map { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        print("\(test): BLOBSTORE_SEED=\(seed)")
        var mutator = Mutator(seed: seed)
        for _ in 0..<Self.rounds { try body(mutator.mutated(samples, tokens)) }
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("root URLs")
    func roots() {
        let samples = [
            "/mnt/nas/packages", "file:///mnt/a%20b",
            "s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=us-east-1",
            "s3://bucket?style=path&profile=me", "relative/path",
            "s3://b/p/q/?region=eu-1&endpoint=https://[::1]:443/x",
        ]
        let tokens = [
            "%", "%2", "%zz", "%00", "%2f", "%5b", "//", "/../", "@", ":", "?", "&", "=", "#", "+", "s3:", "file:",
            "s3://b/",
            "[", "]", "|", "\"", "<", ">", "^", "{", "}", "\\", "é", "e\u{301}", "/\u{301}",
            "s3://arn:aws:s3:us-east-1:1:accesspoint",
        ]
        fuzz("roots", samples, tokens) { bytes in
            if let url = try? RootURL(text(bytes)) { #expect((try? RootURL(url.description)) == url, "\(url)") }
            guard let url = try? schemes.url(text(bytes)) else { return }
            #expect((try? RootURL(url.description)) == url && (try? schemes.url(url.description)) == url, "\(url)")
            #expect(schemes.relation(of: url, to: url) == .same)
            for parent in schemes.parents(of: url).prefix(20) {
                #expect(schemes.relation(of: url, to: parent) == .inside && (try? schemes.canonical(parent)) == parent)
            }
        }
    }

    @Test("a bucket's name with a slash in it is not taken for a bucket and a path")
    func slash() throws {
        let url = try RootURL("s3://a%2fb/c")
        #expect(url.authority == "a/b" && url.names == ["c"])
        #expect(try url.description == "s3://a%2fb/c" && RootURL(url.description) == url)
    }

    @Test("package paths")
    func paths() throws {
        let samples = [
            "left-pad/1.3.0/left-pad-1.3.0.tgz", "@scope/Name/-/name-1.0.0+b2.tgz", "café/100%.txt", ".cache/aux.txt",
            "config.json/values.json", "CON/nul.tar.gz/com1 ", "a~b!c%41",
        ]
        let tokens = ["/", "..", ".", ".json", "con", "!", "%", "~", "\\", " ", "\u{301}", "lpt9", "conin$"]
        fuzz("paths", samples, tokens) { bytes in
            guard let path = try? PackagePath(text(bytes)) else { return }
            #expect((try? PackagePath(of: path.key)) == path)
            #expect(path.key.text.utf8.count <= 900)
        }
        fuzz("keys", try samples.map { try PackagePath($0).key.text }, tokens) { bytes in
            guard let key = try? Key(text(bytes)), let path = try? PackagePath(of: key) else { return }
            #expect(path.key == key)
        }
    }

    @Test("names, digests and times")
    func names() {
        let samples = [
            "npm", "web-1.example", "sha256:" + String(repeating: "ab", count: 32), "2026-01-31T08:05:00Z",
            "9999-12-31T23:59:60Z", "0000-01-01T00:00:00+14:00",
        ]
        fuzz("names", samples, ["sha256:", "Z", "+", "T", "-", "."]) { bytes in
            let text = text(bytes)
            if let name = try? FeedName(text) { #expect(name.text == text) }
            if let name = try? NodeName(text) { #expect(name.text == text) }
            if let digest = try? Digest(text) { #expect(digest.description == text) }
            if let time = Timestamp(text) { #expect(Timestamp(time.description) == time, "\(text)") }
        }
    }

    @Test("config files")
    func configs() throws {
        let samples = [
            #"{"packagesRoot":"/mnt/nas/packages","rootId":"6f0e0fca"}"#, "{\n  \"packagesRoot\" : \"s3://b/p\"\n}\n",
            #"{"rootId":"\u00e9\ud83d\ude00\n","packagesRoot":null}"#, "\u{FEFF}{}", "[{\"a\":[1,2.5e-3,true,null]}]",
        ]
        let tokens = ["\"", "\\u", "\\ud83d", "\\", "{", "}", "[", "]", ",", ":", "null", "1e999", "-", "//"]
        fuzz("configs", samples, tokens) { bytes in
            _ = try? ConfigFile(path: "/etc/x.json", bytes: bytes, schemes: schemes)
        }
    }

    @Test("records")
    func records() throws {
        let digest = try Digest(of: [1])
        let lease =
            #"{"format":1,"revision":"r","name":"w","term":1,"renewals":2,"seconds":15,"since":"2026-01-01T00:00:00Z"}"#
        let package =
            #"{"format":1,"revision":"r","ancestors":["a"],"path":"a/b","digest":"\#(digest)","size":1,"#
            + #""published":"2026-01-01T00:00:00Z","publishedBy":"x","#
            + #""annotations":{"modified":"2026-01-01T00:00:00Z"}}"#
        let marker =
            #"{"format":1,"id":"6f0e0fca","kind":"feed","feed":"npm","created":"2026-01-01T00:00:00Z","revision":"r"}"#
        let tokens = [
            "\"", ":", ",", "null", "[]", "{}", "\"size\":", "\"term\":", "\"seconds\":", "\"milliseconds\":",
        ]
        try fuzz("records", [lease, package, marker], tokens) { bytes in
            if let lease = try? Document<LeaseRecord>(bytes: bytes) {
                #expect(lease.body.length <= .seconds(86_400))
                _ = try lease.successor(lease.body).bytes()
            }
            if let package = try? Document<PackageRecord>(bytes: bytes) {
                _ = (package.body.modified, try package.successor(package.body).bytes())
            }
            _ = try? Document<RootMarker>(bytes: bytes)
        }
    }

    @Test("names of unfinished files, and tables of mounts")
    func local() {
        let table = "22 21 8:1 /srv/my\\040root/feeds /mnt/x rw shared:1 - ext4 /dev/sda1 rw"
        fuzz("local", [UnfinishedName().text, table], ["-", "\\777", "\\04", " ", ".part", "\n"]) { bytes in
            if let name = UnfinishedName(bytes) { #expect(Array(name.text.utf8) == bytes) }
            _ = MountTable(text(bytes)).originals(of: 22)
        }
    }
}

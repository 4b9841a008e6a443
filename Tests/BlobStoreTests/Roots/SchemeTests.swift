import BlobBackends
import BlobStoreTesting
import Testing

@testable import BlobStore

@Suite("What a root's URL says")
struct SchemeTests {
    private let schemes = Backends().schemes

    @Test(
        "its text can be read again, and is the same however it was written",
        arguments: [
            ("/mnt/nas", "file:///mnt/nas"), ("/mnt//nas/./x/", "file:///mnt/nas/x"),
            ("file:///mnt/a%20b", "file:///mnt/a%20b"), ("file:///mnt//nas/./x/", "file:///mnt/nas/x"),
            ("/a b/%/?#", "file:///a%20b/%25/%3f%23"), ("file://localhost/x", "file:///x"), ("/", "file:///"),
            ("/a/../b", "file:///a/../b"), ("file:///", "file:///"),
            (
                "s3://bucket/some/prefix/?region=us-east-1&endpoint=http://127.0.0.1:9000",
                "s3://bucket/some/prefix?endpoint=http://127.0.0.1:9000&region=us-east-1"
            ),
            ("s3://bucket", "s3://bucket"), ("s3://bucket/", "s3://bucket"), ("s3://b/./x", "s3://b/./x"),
            ("s3://My_bucket.eu-1/x", "s3://My_bucket.eu-1/x"), ("s3://b/x?region", "s3://b/x?region="),
            (
                "s3://arn:aws:s3:eu-1:1:accesspoint:name/a?region=r",
                "s3://arn:aws:s3:eu-1:1:accesspoint/name/a?region=r"
            ),
            ("s3://arn:aws:s3:eu-1:1:accesspoint/name", "s3://arn:aws:s3:eu-1:1:accesspoint/name"),
        ])
    func texts(_ text: String, _ shown: String) throws {
        let url = try schemes.url(text)
        #expect(url.description == shown)
        #expect(try schemes.url(shown) == url)
        #expect(try RootURL(shown) == url, "as a record is read")
    }

    @Test(
        "letters that URLs do not have stand for themselves, and are encoded where a percent sign stands beside them",
        arguments: [
            ("s3://b/[a]|é", "s3://b/[a]|é"), (#"s3://b/a"b<>^{}\"#, #"s3://b/a"b<>^{}\"#),
            (#"s3://b/[a]|"<>^`{}\%25"#, "s3://b/%5ba%5d%7c%22%3c%3e%5e%60%7b%7d%5c%25"),
            ("s3://b/é%20x", "s3://b/%c3%a9%20x"), ("s3://b/é?kms-key=a%2b", "s3://b/%c3%a9?kms-key=a%2b"),
            ("/[a]é %", "file:///[a]é%20%25"),
        ])
    func oddLetters(_ text: String, _ shown: String) throws {
        let url = try schemes.url(text)
        #expect(url.description == shown)
        #expect(try schemes.url(shown) == url)
    }

    @Test("letters that are encoded, and those that should be, name the same")
    func encoded() throws {
        #expect(try schemes.url("s3://b/%5Ba%5d%c3%a9") == schemes.url("s3://b/[a]é"))
        #expect(try schemes.url("s3://b%61/x") == schemes.url("s3://ba/x"))
    }

    @Test("names that only look the same are two places")
    func lookalikes() throws {
        let (one, other) = (try schemes.url("/x/\u{E9}"), try schemes.url("/x/e\u{301}"))
        #expect(one != other)
        #expect(schemes.relation(of: one, to: other) == .apart)
        #expect(try schemes.url("/x/\u{301}y").names == ["x", "\u{301}y"])
    }

    @Test(
        "what is no root is refused with a sentence that shows no credential",
        arguments: [
            "", "http://x/y", "file://server/share", "file:x", "file:/x", "file:///%zz", "file:///%+f", "file:///%00",
            "file:///a?b", "file:///a#b", "file://", "s3://", "s3:///x", "s3:b/x", "s3://key:hunter2@bucket/x",
            "s3://bucket/x?secret_access_key=hunter2", "a\0b", "s3://bucket?region=a&region=b", "s3://b/x#hunter2",
            "s3://b/a?endpoint=http://k:hunter2@host", "s3://b/a?endpoint=http%3A%2F%2Fk%3Ahunter2%40host",
            "s3://b/a?endpoint=http%253A%252F%252Fk%253Ahunter2%2540host", "s3://b/a?endpoint=http://h?key=hunter2",
            "https://k:hunter2@host/bucket", "https://host/bucket?secret=hunter2", "file://k:hunter2@host/x?a=hunter2",
            "s3://key:hunter2/x", "s3://hunter2%40b/x", "s3://arn:aws:s3:eu-1:1:accesspoint",
            "s3://arn:aws:s3:eu-1:1:accesspoint:", "s3://arn:aws:iam::1:role/x",
        ])
    func refused(_ text: String) {
        #expect(
            performing: { try schemes.url(text) },
            throws: { error in
                (error as? StoreError)?.code == .invalidArgument && !"\(error)".contains("hunter2")
            })
    }

    @Test(
        "a bucket's name has letters, digits, dots, hyphens and underscores, and nothing else",
        arguments: ["b c", "b%20c", "bü", "b:9000", "b*", "b%2fc", "b\\", "..", "[::1]", "b%", "b|c", "b\u{7F}"])
    func buckets(_ name: String) {
        #expect(
            performing: { try schemes.url("s3://\(name)/prefix") },
            throws: { ($0 as? StoreError)?.code == .invalidArgument })
    }

    @Test("a scheme that is not known is refused with those that are")
    func unknown() {
        #expect(
            performing: { try schemes.url("ftp://x/y") },
            throws: { error in
                (error as? StoreError)?.message
                    == "the root \"ftp://x/y\" has the scheme \"ftp\"; use a path, file:// or s3://"
            })
    }

    @Test("every URL that is taken reads back as itself")
    func property() {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b.c", "-", "_", "/", "//", "/./", "/../", "%", "%25", "%2F", "%5b", "[", "]", "|", "\"", "<", ">",
            "^", "{", "}", "\\", "é", "e\u{301}", "\u{301}", " ", "+", "=", "&", "?", ":", "@", "~", "日本",
        ]
        var taken = 0
        for _ in 0..<20_000 {
            let start = ["s3://", "s3://b/", "s3://arn:aws:s3:r:1:accesspoint/", "file:///", "/"].randomElement(
                using: &random)
            var text = start ?? ""
            for _ in 0..<Int.random(in: 0...8, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
            if Bool.random(using: &random) { text += "?region=\(pieces.randomElement(using: &random) ?? "")" }
            guard let url = try? schemes.url(text) else { continue }
            taken += 1
            #expect((try? schemes.url(url.description)) == url, "\(text), seed \(seed)")
            #expect((try? RootURL(url.description)) == url, "\(text), seed \(seed)")
        }
        #expect(taken > 2_000)
    }
}

import BlobCluster
import BlobCrypto
import BlobServer
import BlobStore
import FoundationEssentials
import Testing

@Suite("A feed as a Maven repository")
struct MavenTests {
    private static let folder = "/feeds/npm/maven/org/example/app"
    private static let jar = Array("the jar".utf8)

    private static func hex(_ function: HashFunction, _ bytes: [UInt8]) -> String {
        BlobCrypto.Hasher.hex(function, of: bytes) ?? ""
    }

    /// Sends what Maven 3.8 sends for one file: the file, and its checksums.
    private static func deploy(_ target: String, _ bytes: [UInt8], _ key: String, to node: TestNode) async throws {
        let fields = ["Authorization: Basic \(key)", "Cache-control: no-cache", "User-Agent: Apache-Maven/3.8.7"]
        #expect(try await node.request("PUT", target, fields: fields, body: bytes).status == 201)
        for function in [HashFunction.sha1, .md5] {
            let answer = try await node.request(
                "PUT", "\(target).\(function.rawValue)", fields: fields, body: Array(hex(function, bytes).utf8))
            #expect(answer.status == 200)
        }
    }

    private static func basic(_ node: TestNode) async throws -> String {
        Data("anyone:\(try await node.key(.publish))".utf8).base64EncodedString()
    }

    @Test("each version that is deployed is in the metadata, whatever metadata the deployers send")
    func deploying() async throws {
        try await TestNode.with { node in
            let key = try await Self.basic(node)
            #expect(try await node.request("GET", Self.folder + "/maven-metadata.xml").status == 404)
            for version in ["1.0", "1.1", "2.0-SNAPSHOT"] {
                let name = version.replacing("SNAPSHOT", with: "20261128.101500-1")
                for ending in ["jar", "pom"] {
                    try await Self.deploy(
                        "\(Self.folder)/\(version)/app-\(name).\(ending)", Array("\(version) \(ending)".utf8), key,
                        to: node)
                }
                let stale = Array("<metadata><versions><version>0.1</version></versions></metadata>".utf8)
                try await Self.ignored(stale, key, node)
            }
            let metadata = try await node.request("GET", Self.folder + "/maven-metadata.xml")
            #expect(metadata.status == 200 && metadata.field("content-type") == "application/xml")
            #expect(metadata.text.contains("<groupId>org.example</groupId>\n<artifactId>app</artifactId>"))
            for version in ["1.0", "1.1", "2.0-SNAPSHOT"] {
                #expect(metadata.text.contains("<version>\(version)</version>"))
            }
            #expect(metadata.text.contains("<release>1.1</release>") && !metadata.text.contains("0.1<"))
            let checksum = try await node.request("GET", Self.folder + "/maven-metadata.xml.sha1")
            #expect(checksum.text == Self.hex(.sha1, metadata.body))
            let page = try await node.request("GET", Self.folder + "/?format=json")
            #expect(page.text.contains("\"name\":\"1.0\""))
        }
    }

    private static func ignored(_ metadata: [UInt8], _ key: String, _ node: TestNode) async throws {
        let fields = ["Authorization: Basic \(key)", "Expect: 100-continue"]
        for (name, body) in [("", metadata), (".sha1", Array(hex(.sha1, metadata).utf8))] {
            let target = folder + "/maven-metadata.xml" + name
            #expect(try await node.request("PUT", target, fields: fields, body: body).status == 200)
        }
    }

    @Test("the latest build of a snapshot is found by its metadata")
    func snapshots() async throws {
        try await TestNode.with { node in
            let version = "org/example/app/1.0-SNAPSHOT"
            for build in ["20261128.101500-1", "20261128.101700-2"] {
                for rest in [".jar", "-sources.jar", ".pom"] {
                    try await node.publish(Array(build.utf8), "\(version)/app-1.0-\(build)\(rest)")
                }
            }
            try await node.publish([1], "\(version)/app-1.0-20261128.101800-3-only.jar")
            try await node.publish([2], "\(version)/other-1.0-20261129.101800-4.jar")
            let text = try await node.request("GET", "/feeds/npm/maven/\(version)/maven-metadata.xml").text
            #expect(text.contains("<version>1.0-SNAPSHOT</version>"))
            #expect(text.contains("<timestamp>20261128.101800</timestamp>\n<buildNumber>3</buildNumber>"))
            #expect(
                text.contains(
                    "<classifier>sources</classifier>\n<extension>jar</extension>\n<value>1.0-20261128.101700-2</value>"
                ))
            #expect(text.contains("<extension>pom</extension>\n<value>1.0-20261128.101700-2</value>"))
        }
    }

    @Test("a name that XML cannot hold is left out of the metadata, and the others are in it")
    func controlCharacters() async throws {
        try await TestNode.with { node in
            for version in ["1.0", "1.\u{1}", "1.\n2", "1.\u{FFFE}", "1.<&>"] {
                try await node.publish(Array(version.utf8), "g/a/\(version)/a-\(version).jar")
            }
            try await node.publish([1], "g/b\u{1B}/1/b\u{1B}-1.jar")
            let text = try await node.request("GET", "/feeds/npm/maven/g/a/maven-metadata.xml").text
            let versions = "<version>1.0</version>\n<version>1.&lt;&amp;&gt;</version>\n"
            #expect(text.contains("<versions>\n\(versions)</versions>"))
            #expect(try await node.request("GET", "/feeds/npm/maven/g/b%1B/maven-metadata.xml").status == 404)
        }
    }

    @Test("checksums are those of the content, kept or not, and one that does not match is refused")
    func checksums() async throws {
        try await TestNode.with { node in
            _ = try await node.store.updateFeed(FeedName("cache"), FeedPolicy(digests: [.sha1]))
            for feed in ["npm", "cache"] {
                try await node.publish(Self.jar, "g/a/1/a-1.jar", in: feed)
                let target = "/feeds/\(feed)/maven/g/a/1/a-1.jar"
                for function in HashFunction.allCases {
                    let answer = try await node.request("GET", "\(target).\(function.rawValue)")
                    #expect(answer.text == Self.hex(function, Self.jar), "\(feed), \(function)")
                }
                let key = "Authorization: Basic \(try await Self.basic(node))"
                func put(_ ending: String, _ text: String) async throws -> Int {
                    try await node.request("PUT", target + ending, fields: [key], body: Array(text.utf8)).status
                }
                #expect(try await put(".sha1", Self.hex(.sha1, Self.jar) + "  a-1.jar\n") == 200)
                #expect(try await put(".sha1", Self.hex(.sha1, [1])) == 422)
                #expect(try await put(".md5", "") == 422)
                #expect(try await put("x.sha1", Self.hex(.sha1, Self.jar)) == 404)
                #expect(try await put(".md5", String(repeating: "a", count: 2_000)) == 413)
                #expect(try await node.request("PUT", target + ".sha1", body: Array("x".utf8)).status == 401)
                #expect(try await node.request("GET", "/feeds/\(feed)/maven/g/a/1/b-1.jar.sha1").status == 404)
                #expect(try await node.request("POST", target + ".sha1", body: []).status == 405)
            }
        }
    }

    @Test("names in metadata are escaped, and what is no artifact has none")
    func strange() async throws {
        try await TestNode.with { node in
            try await node.publish([1], "g/<b>/1&/<b>-1&.jar")
            let text = try await node.request("GET", "/feeds/npm/maven/g/%3Cb%3E/maven-metadata.xml").text
            #expect(text.contains("<artifactId>&lt;b&gt;</artifactId>") && text.contains("<version>1&amp;</version>"))
            for target in ["maven-metadata.xml", "g/maven-metadata.xml", "g/none/maven-metadata.xml", "none.sha1"] {
                #expect(try await node.request("GET", "/feeds/npm/maven/\(target)").status == 404, "\(target)")
            }
            _ = try await node.store.feed("npm").remove(PackagePath("g/<b>/1&/<b>-1&.jar"), by: "test")
            #expect(try await node.request("GET", "/feeds/npm/maven/g/%3Cb%3E/maven-metadata.xml").status == 404)
        }
    }
}

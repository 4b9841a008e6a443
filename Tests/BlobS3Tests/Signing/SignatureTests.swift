import BlobCrypto
import BlobHTTP
import BlobS3
import Testing

@Suite("Signatures")
struct SignatureTests {
    private static let key = AccessKey(id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    private static let host = "examplebucket.s3.amazonaws.com"
    private static let signer = Signature(key, region: "us-east-1", at: UTCTime(seconds: 1_369_353_600))

    /// One of the examples of Amazon's S3 API reference.
    struct Example: Sendable, CustomStringConvertible {
        let description: String
        let signature: String
        let make: @Sendable () -> Signature.Subject
    }

    private static func subject(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [], _ more: HTTPHeaders = [:],
        payloadHash: String = Signature.emptyHash
    ) -> Signature.Subject {
        var headers: HTTPHeaders = [
            "Host": host, "x-amz-date": "20130524T000000Z", "x-amz-content-sha256": payloadHash,
        ]
        for field in more.fields { headers.append(field.name, field.value) }
        return Signature.Subject(method, path: path, query: query, headers: headers, payloadHash: payloadHash)
    }

    static let examples = [
        Example(
            description: "GET Object", signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ) { subject("GET", "/test.txt", ["Range": "bytes=0-9"]) },
        Example(
            description: "PUT Object", signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ) {
            subject(
                "PUT", "/" + PercentEncoding.encode("test$file.text"),
                ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"],
                payloadHash: Hasher.hex(.sha256, of: "Welcome to Amazon S3.".utf8) ?? "")
        },
        Example(
            description: "GET Bucket Lifecycle",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ) { subject("GET", "/", query: [("lifecycle", "")]) },
        Example(
            description: "Get Bucket (List Objects)",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ) { subject("GET", "/", query: [("prefix", "J"), ("max-keys", "2")]) },
    ]

    @Test("the published examples of S3 come out as published", arguments: examples)
    func published(_ example: Example) throws {
        let authorization = try #require(Self.signer.authorization(of: example.make()))
        #expect(authorization.hasSuffix("Signature=\(example.signature)"))
        #expect(
            authorization.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders="))
    }

    @Test("the published example of a presigned URL comes out as published")
    func presigned() throws {
        let subject = Signature.Subject(
            "GET", path: "/test.txt", headers: ["Host": Self.host], payloadHash: Signature.unsignedPayload)
        let query = try #require(Self.signer.presignedQuery(of: subject, expiresAfterSeconds: 86_400))
        #expect(
            query.hasSuffix(
                "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
        #expect(query.contains("X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"))
    }

    @Test("the general test suite's requests come out as published")
    func vanilla() throws {
        let key = AccessKey(id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let signer = Signature(key, region: "us-east-1", service: "service", at: UTCTime(seconds: 1_440_938_160))
        let headers: HTTPHeaders = ["Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z"]
        let vanilla = try #require(signer.authorization(of: Signature.Subject("GET", path: "/", headers: headers)))
        #expect(
            vanilla == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, "
                + "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
        let query = [(name: "Param2", value: "value2"), (name: "Param1", value: "value1")]
        let ordered = signer.authorization(of: Signature.Subject("GET", path: "/", query: query, headers: headers))
        #expect(ordered?.hasSuffix("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500") == true)
    }

    @Test("the published codes of HMAC with SHA-256 come out as published")
    func hmac() {
        let code = HMAC.sha256("what do ya want for nothing?".utf8, key: Array("Jefe".utf8))
        #expect(code.map(Hex.text) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = HMAC.sha256(
            "Test Using Larger Than Block-Size Key - Hash Key First".utf8, key: [UInt8](repeating: 0xAA, count: 131))
        #expect(long.map(Hex.text) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("a secret shows in no description of its key")
    func secrecy() {
        let key = AccessKey(id: "name", secret: "hush", sessionToken: "quiet")
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\([key])", dumped] {
            #expect(!text.contains("hush") && !text.contains("quiet"))
        }
    }
}

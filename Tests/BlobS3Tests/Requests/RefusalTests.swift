import BlobHTTP
import BlobS3
import ObjectStorage
import Testing

@Suite("What a server's refusal means")
struct RefusalTests {
    private let address = BucketAddress(bucket: "packages", region: "us-east-1")

    private func error(
        _ status: Int, _ code: String?, _ change: (inout Refusal) -> Void = { _ in }, skew: Duration? = nil
    ) -> StoreError {
        var refusal = Refusal(status: status, code: code)
        change(&refusal)
        return StoreError(refusal, at: address, skew: skew)
    }

    @Test(
        "a wrong region is told with the right one",
        arguments: [
            (301, "PermanentRedirect"), (307, "TemporaryRedirect"), (400, "AuthorizationHeaderMalformed"), (301, nil),
        ] as [(Int, String?)])
    func region(_ status: Int, _ code: String?) {
        let error = error(status, code) { $0.region = "eu-west-1" }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("eu-west-1") && error.message.contains("us-east-1"))
        #expect(!error.isRetryable)
    }

    @Test("a clock that is off is told with how much")
    func clock() {
        let error = error(403, "RequestTimeTooSkewed", skew: .seconds(-1_200))
        #expect(error.code == .permissionDenied)
        #expect(error.message.contains("20 minutes"))
        let agreeing = self.error(403, "RequestTimeTooSkewed", skew: .seconds(-3))
        #expect(agreeing.message.contains("though the clocks agree") && !agreeing.message.contains("0 minutes"))
    }

    @Test("a server that wants TLS says so in a web page or in plain words, and that is told")
    func tls() {
        for body in [
            "Client sent an HTTP request to an HTTPS server.\n", "<html>The plain HTTP request was sent to HTTPS port",
        ] {
            let response = HTTPResponse(HTTPHead(status: 400), body: Array(body.utf8))
            let error = StoreError(Refusal(response), at: address)
            #expect(error.code == .failed && error.message.contains("with https:// instead of http://"))
        }
    }

    @Test("a web page is told as that, whatever its status", arguments: [200, 301, 400, 403, 404, 405])
    func page(_ status: Int) {
        let error = error(status, nil) { $0.isPage = true }
        #expect(error.code == .failed)
        #expect(error.message.contains("check the endpoint"))
    }

    @Test(
        "each refusal says what to do, and keeps status, code and request",
        arguments: [
            (404, "NoSuchBucket", StoreError.Code.notFound, "create it first"),
            (403, "AccessDenied", .permissionDenied, "credentials"),
            (403, "SignatureDoesNotMatch", .permissionDenied, "check the credentials"),
            (403, "InvalidAccessKeyId", .permissionDenied, "check the credentials"),
            (400, "ExpiredToken", .permissionDenied, "renew"),
            (400, "EntityTooLarge", .invalidArgument, "larger"),
            (400, "InvalidObjectName", .invalidKey, "plainer path"),
            (400, "BadDigest", .digestMismatch, "damaged"),
            (507, "XMinioStorageFull", .outOfSpace, "full"),
            (503, "SlowDown", .unavailable, "overloaded"),
        ])
    func sentences(_ status: Int, _ code: String, _ expected: StoreError.Code, _ words: String) {
        let error = error(status, code) { $0.requestID = "req-1" }
        #expect(error.code == expected)
        #expect(error.message.contains(words) && error.message.contains(code) && error.message.contains("req-1"))
        #expect(error.cause == .http(status: status, code: code, requestID: "req-1"))
        #expect(error.isRetryable == (status == 503))
    }

    @Test("addresses are written as servers expect them")
    func addresses() {
        #expect(address.origin == "https://packages.s3.us-east-1.amazonaws.com")
        #expect(address.path("a b/c+") == "/a%20b/c%2B")
        let dotted = BucketAddress(bucket: "a.b", region: "r")
        #expect(dotted.origin == "https://s3.r.amazonaws.com" && dotted.path("k") == "/a.b/k")
        let own = BucketAddress(bucket: "b", region: "r", endpoint: "http://host:80", style: .virtual)
        #expect(own.host == "b.host" && own.path(nil) == "/")
        let port = BucketAddress(bucket: "b", region: "r", endpoint: "http://host:9000")
        #expect(port.host == "host:9000" && port.path(nil) == "/b" && port.path("k") == "/b/k")
    }

    @Test(
        "parts are of 8 MiB, and larger only where there would be too many",
        arguments: [1, 8 << 20, (8 << 20) + 1, 80 << 30, 5 << 40] as [Int64])
    func parts(_ size: Int64) {
        let plan = PartPlan(size: size)
        let eight: Int64 = 8 << 20
        #expect(plan.count <= 10_000)
        #expect(size > 10_000 * eight ? plan.partSizeBytes > eight : plan.partSizeBytes == eight)
        #expect(plan.range(0).lowerBound == 0 && plan.range(plan.count - 1).upperBound == size)
        #expect(plan.partSizeBytes % (1 << 20) == 0 && plan.partSizeBytes <= 5 << 30)
    }
}

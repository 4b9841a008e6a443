import BlobHTTP
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import BlobS3

@Suite("Keys that are rotated, and a metadata service that stumbles")
struct RotationTests {
    @Test("keys that a bucket does not know any more are read again, and the request goes out again with the new ones")
    func rotated() async throws {
        let desk = try Desk()
        let keys = { (id: String) in "[default]\naws_access_key_id = \(id)\naws_secret_access_key = secret-\(id)\n" }
        try desk.put("credentials", keys("old"))
        let known = Mutex("old")
        let asked = Mutex([String]())
        let server = try ScriptedServer { connection in
            while let (head, _) = connection.readRequest() {
                let id = known.withLock { $0 }
                let isKnown = Endpoint.Request(head: head, body: "").isSigned(
                    with: AccessKey(id: id, secret: "secret-\(id)"), for: "s3")
                asked.withLock { $0.append(isKnown ? id : "refused") }
                connection.write(
                    isKnown ? ScriptedServer.answer(200) : ScriptedServer.answer(403, code: "InvalidAccessKeyId"))
            }
        }
        let provider = CredentialProvider.standard(profile: nil, Lookup(desk.environment(), client: HTTPClient()))
        let session = S3Session(
            BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: server.url),
            keys: S3Session.KeySource(provider), client: HTTPClient())
        _ = try await session.send(S3Call("GET", "k"))
        try desk.put("credentials", keys("new"))
        known.withLock { $0 = "new" }
        _ = try await session.send(S3Call("GET", "k"))
        #expect(asked.withLock { $0 } == ["old", "refused", "new"])
        // Keys that stay unknown end the call after one more try.
        known.withLock { $0 = "other" }
        let error = await #expect(throws: StoreError.self) { try await session.send(S3Call("GET", "k")) }
        #expect(error?.code == .permissionDenied && asked.withLock { $0.count } == 5)
    }

    @Test(
        "the metadata service is asked again after a 503, and one that keeps failing is told as that",
        arguments: [1, 9])
    func stumbling(_ failures: Int) async throws {
        let left = Mutex(failures)
        let list = "GET /latest/meta-data/iam/security-credentials/"
        let endpoint = try Endpoint { request in
            if request.line.hasPrefix("PUT /latest/api/token ") {
                let fails = left.withLock { left in
                    left -= 1
                    return left >= 0
                }
                return fails ? (503, "HIDDEN") : (200, "session")
            }
            guard request.line.hasPrefix("\(list)role ") else { return (200, "role") }
            return (200, "{\"AccessKeyId\": \"I\", \"SecretAccessKey\": \"s\", \"Expiration\": \"\(farEnd)\"}")
        }
        let environment = try Desk().environment([
            "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint.url,
        ])
        let provider = CredentialProvider.standard(profile: nil, Lookup(environment, client: HTTPClient()))
        if failures == 1 {
            #expect(try await provider.credentials().accessKeyID == "I")
        } else {
            let error = await #expect(throws: StoreError.self) { try await provider.credentials() }
            #expect(
                error?.code == .unavailable && error?.message.contains("503") == true && endpoint.requests.count == 3)
        }
    }
}

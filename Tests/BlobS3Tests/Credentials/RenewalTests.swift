import BlobHTTP
import ObjectStorage
import TestSupport
import Testing

@testable import BlobS3

/// Endpoints and bucket are servers on sockets; only their clock, which is the provider's too, moves by parts sent.
@Suite("Credentials that end in the middle of a long upload", .serialized)
struct RenewalTests {
    private static let lifeSeconds: Int64 = 500
    private static let size = 6 * (8 << 20) - 5

    /// What is needed for one upload.
    private struct Course {
        let clock = TestClock()
        let log = LogLines()
        let issuer: CredentialIssuer
        let bucket: GuardedBucket

        init(
            _ kind: CredentialIssuer.Kind, partSeconds: Int64, skewSeconds: Int64 = 0,
            then mood: CredentialIssuer.Mood = .good
        ) throws {
            issuer = try CredentialIssuer(kind, lifeSeconds: RenewalTests.lifeSeconds, clock, then: mood)
            bucket = GuardedBucket(issuer, clock, partSeconds: partSeconds, skewSeconds: skewSeconds)
        }

        func upload() async throws {
            let server = try bucket.server()
            let client = HTTPClient()
            let (clock, logger) = (clock, log.logger)
            let provider = CredentialProvider.standard(
                profile: nil, Lookup(issuer.environment, client: client, logger: logger, now: { clock.now }))
            var pacing = Pacing.real
            pacing.wallTime = { UTCTime(seconds: clock.now.seconds) }
            var policy = RetryPolicy()
            policy.maximumAttempts = 2
            let session = S3Session(
                BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: server.url),
                keys: S3Session.KeySource(provider), client: client, policy: policy, budget: RetryBudget(),
                pacing: pacing, logger: logger)
            let storage = S3Storage(session, prefix: "", address: "s3://bucket", assuming: .proper)
            let content = [UInt8](repeating: 7, count: RenewalTests.size)
            _ = try await storage.writeObject(try Key("large"), ObjectSource(content))
        }
    }

    @Test(
        "are renewed before they end: the upload ends well, and no request goes out with those that have ended",
        arguments: CredentialIssuer.Kind.allCases)
    func renewed(_ kind: CredentialIssuer.Kind) async throws {
        let course = try Course(kind, partSeconds: 120)
        try await course.upload()
        #expect(course.bucket.size == Self.size)
        #expect(course.bucket.late == 0 && course.bucket.strangers.isEmpty)
        #expect(Set(course.bucket.keys).count > 1 && course.issuer.issued.count < 6)
        #expect(course.log.lines().allSatisfy { !$0.contains("HIDDEN") })
    }

    @Test(
        "and sooner by the bucket's clock than was told, are renewed when it refuses them, and the part goes out again")
    func refused() async throws {
        let course = try Course(.instance, partSeconds: 20, skewSeconds: 440)
        try await course.upload()
        #expect(course.bucket.size == Self.size)
        #expect(course.bucket.late > 0 && course.bucket.strangers.isEmpty)
        #expect(course.log.lines().allSatisfy { !$0.contains("HIDDEN") })
    }

    @Test(
        "and are not to be had anew, end the upload with an error that says so and tells none of them",
        .timeLimit(.minutes(3)),
        arguments: [
            (CredentialIssuer.Kind.container, CredentialIssuer.Mood.expired, StoreError.Code.permissionDenied),
            (.instance, .expired, .permissionDenied), (.webIdentity, .expired, .permissionDenied),
            (.container, .garbage, .failed), (.instance, .garbage, .failed), (.webIdentity, .garbage, .failed),
            (.container, .failure, .unavailable), (.instance, .failure, .unavailable),
            (.container, .nothing, .unavailable), (.instance, .nothing, .unavailable),
        ])
    func ended(_ kind: CredentialIssuer.Kind, _ mood: CredentialIssuer.Mood, _ code: StoreError.Code) async throws {
        let course = try Course(kind, partSeconds: 200, then: mood)
        let error = await #expect(throws: StoreError.self) { try await course.upload() }
        #expect(error?.code == code, "\(error.map { "\($0)" } ?? "no error")")
        #expect(course.bucket.size == nil && course.bucket.strangers.isEmpty)
        let told = course.log.lines() + [error.map { "\($0) \(String(reflecting: $0))" } ?? ""]
        #expect(told.allSatisfy { !$0.contains("HIDDEN") })
    }

    @Test("an endpoint that gave some and is silent now counts as out of reach, not as one that never had any")
    func silenced() async throws {
        let clock = TestClock()
        let issuer = try CredentialIssuer(.instance, lifeSeconds: Self.lifeSeconds, clock, then: .nothing)
        let provider = CredentialProvider.standard(
            profile: nil, Lookup(issuer.environment, client: HTTPClient(), now: { clock.now }))
        _ = try await provider.credentials()
        clock.advance(Self.lifeSeconds)
        let error = await #expect(throws: StoreError.self) { try await provider.credentials() }
        #expect(error?.code == .unavailable && error?.isRetryable == true)
    }
}

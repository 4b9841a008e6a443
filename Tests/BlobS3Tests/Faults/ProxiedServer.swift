import BlobStore
import FoundationEssentials

@testable import BlobS3

extension ServerUnderTest {
    /// On this machine.
    var port: UInt16 { address.endpoint.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    /// How long such a storage waits for the next byte.
    static let stallSeconds = 1

    /// A storage whose requests go through a proxy, with retries that come at once.
    /// - Parameter client: one of its own for each node, so that they share no connection.
    func storage(_ prefix: String, through proxy: FaultProxy, client: HTTPClient = HTTPClient()) -> S3Storage {
        var policy = RetryPolicy()
        policy.firstPause = .milliseconds(1)
        policy.longestPause = .milliseconds(20)
        let keys = CredentialProvider([EnvironmentCredentials(ProcessInfo.processInfo.environment)])
        let address = BucketAddress(bucket: address.bucket, region: address.region, endpoint: proxy.url)
        var patience = HTTPRequest.Patience()
        patience.stall = .seconds(Self.stallSeconds)
        let session = S3Session(
            address,
            keys: S3Session.KeySource { () async throws(StoreError) in
                try await keys.credentials().key
            } reject: {
                keys.reject($0)
            }, client: client, policy: policy,
            budget: RetryBudget(capacity: 1_000_000, perSecond: 1_000), patience: patience)
        return S3Storage(session, prefix: prefix, address: "s3://\(address.bucket)/\(prefix.dropLast())")
    }
}

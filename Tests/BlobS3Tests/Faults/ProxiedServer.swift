import BlobHTTP
import FoundationEssentials
import Logging
import ObjectStorage

@testable import BlobS3

extension ServerUnderTest {
    /// On this machine.
    var port: UInt16 { address.endpoint.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    /// How long such a storage waits for the next byte.
    static let stallSeconds = 1

    /// A quarter of all requests is tried again: that is told only where one campaign is looked at.
    private static let logger = Logger(label: "blobstore.s3") { label in
        let isReplay = ProcessInfo.processInfo.environment["BLOBSTORE_FAULT_SEED"] != nil
        return isReplay ? StreamLogHandler.standardError(label: label) : SwiftLogNoOpLogHandler()
    }

    /// A storage whose requests go through a proxy, with retries that come at once.
    /// - Parameter client: one of its own for each node, so that they share no connection.
    func storage(_ prefix: String, through proxy: FaultProxy, client: HTTPClient = HTTPClient()) -> S3Storage {
        var policy = RetryPolicy()
        policy.firstPause = .milliseconds(1)
        policy.longestPause = .milliseconds(20)
        let keys = CredentialProvider([EnvironmentCredentials(ProcessInfo.processInfo.environment)])
        let address = BucketAddress(bucket: address.bucket, region: address.region, endpoint: proxy.url)
        var timeouts = HTTPRequest.Timeouts()
        timeouts.stall = .seconds(Self.stallSeconds)
        timeouts.lateAnswer = .seconds(3 * Self.stallSeconds)
        let session = S3Session(
            address,
            keys: S3Session.KeySource(keys), client: client, policy: policy,
            budget: RetryBudget(capacity: 1_000_000, perSecond: 1_000), timeouts: timeouts, logger: Self.logger)
        return S3Storage(session, prefix: prefix, address: "s3://\(address.bucket)/\(prefix.dropLast())")
    }
}

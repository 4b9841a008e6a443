import BlobHTTP
import BlobS3
import FoundationEssentials
import ObjectStorage
import Testing

/// A real server that the environment names, and its bucket.
///
/// `BLOBSTORE_S3_ENDPOINTS` lists them as `name=endpoint`, apart by spaces; `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY` and `S3_BUCKET` hold for all of them.
struct ServerUnderTest: Sendable, CustomStringConvertible {
    let description: String
    let address: BucketAddress
    private let key: AccessKey

    static let all: [ServerUnderTest] = {
        let environment = ProcessInfo.processInfo.environment
        let key = AccessKey(
            id: environment["AWS_ACCESS_KEY_ID"] ?? "", secret: environment["AWS_SECRET_ACCESS_KEY"] ?? "")
        return (environment["BLOBSTORE_S3_ENDPOINTS"] ?? "").split(separator: " ").compactMap { item in
            let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return nil }
            let address = BucketAddress(
                bucket: environment["S3_BUCKET"] ?? "lab-bucket", region: environment["AWS_REGION"] ?? "us-east-1",
                endpoint: parts[1])
            return ServerUnderTest(description: parts[0], address: address, key: key)
        }
    }()

    /// Those that many writers can share, and those that they cannot.
    static let shared = all.filter { ["ceph", "seaweed"].contains($0.description) }
    static let ceph = all.filter { $0.description == "ceph" }
    static let unshared = all.filter { ["juicefs", "rclone"].contains($0.description) }
    /// A mock of S3 and of the token service, which checks no signature, and at times lets two win a race.
    static let mock = all.first { $0.description == "moto" }

    /// A prefix that nobody used before.
    static func freshPrefix(_ name: String = "tests") -> String { "\(name)/\(UUID().uuidString.lowercased())/" }

    private static let client = HTTPClient()

    func session(bucket: String? = nil, secret: String? = nil, id: String? = nil) -> S3Session {
        let key = AccessKey(id: id ?? key.id, secret: secret ?? key.secret)
        let address = BucketAddress(
            bucket: bucket ?? address.bucket, region: address.region, endpoint: address.endpoint)
        return S3Session(address, keys: S3Session.KeySource { () async throws(StoreError) in key }, client: Self.client)
    }

    func storage(_ prefix: String, isForOneWriter: Bool = false) -> S3Storage {
        S3Storage(
            session(), prefix: prefix, address: "s3://\(address.bucket)/\(prefix.dropLast())",
            isForOneWriter: isForOneWriter)
    }
}

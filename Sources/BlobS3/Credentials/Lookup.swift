package import BlobStore
package import Logging

/// What a search for credentials starts from.
package struct Lookup: Sendable {
    let environment: [String: String]
    /// For the endpoints that give out credentials.
    let client: HTTPClient
    /// Told of each attempt that failed.
    let logger: Logger
    /// The clock that ends are compared with, and that requests for credentials are signed by.
    let now: @Sendable () -> Timestamp

    package init(
        _ environment: [String: String], client: HTTPClient, logger: Logger = Logger(label: "blobstore.s3"),
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.environment = environment
        self.client = client
        self.logger = logger
        self.now = now
    }
}

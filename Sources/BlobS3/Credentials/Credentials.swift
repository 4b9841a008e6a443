package import BlobHTTP
package import Logging
package import ObjectStorage

/// What requests are signed with. Shows nothing of itself, however it is printed, dumped or reflected upon.
package struct Credentials: Sendable, Equatable {
    /// Names the key; part of every request, but told to nobody else.
    package let accessKeyID: String
    /// Signs requests, and is never sent.
    package let secretAccessKey: String
    /// Sent along with temporary credentials.
    package let sessionToken: String?
    /// When they end, by the clock of whoever gave them; nil for those that do not.
    package let expiration: Timestamp?

    /// - Throws: `invalidArgument` for what cannot be part of a request's header: nothing, spaces, control
    ///   characters.
    /// - Parameter origin: where they come from, for the error's sentence.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil,
        from origin: String
    ) throws(StoreError) {
        for (name, value) in [
            ("access key id", accessKeyID), ("secret", secretAccessKey), ("token", sessionToken ?? "-"),
        ] {
            guard !value.isEmpty, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw StoreError(
                    .invalidArgument,
                    "the \(name) from \(origin) is empty, or has a space or another character that no key has; "
                        + "check it for a copying mistake")
            }
        }
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// As requests are signed with it.
    package var key: AccessKey { AccessKey(id: accessKeyID, secret: secretAccessKey, sessionToken: sessionToken) }

    /// Whether they last for at least so much longer.
    package func isGood(at now: Timestamp, forSeconds margin: Int64) -> Bool {
        guard let expiration else { return true }
        return expiration.seconds - now.seconds > margin
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Credentials (not shown)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [] as [Mirror.Child]) }
}

/// A place where credentials may be found.
package protocol CredentialSource: Sendable {
    /// How a person would name it, e.g. `the environment`.
    var name: String { get }

    /// - Returns: what it gives now; nil when it is not set up here, so that the next place is asked.
    /// - Throws: where it is set up, but wrongly, or does not answer: `invalidArgument`, `permissionDenied`,
    ///   `unavailable`, `failed`, `unsupported`, `cancelled`. No credential is part of it.
    func credentials() async throws(StoreError) -> Credentials?
}

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

internal import BlobCrypto

/// An API key as it is stored: `cluster/keys/<id>.json`. The key itself is in no record.
public struct KeyRecord: DocumentBody {
    package static let title = "API key"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case id, name, sha256, grants, created, by, expires, revoked
    }

    /// What a key allows; each scope includes those before it.
    public enum Scope: String, Sendable, Codable, CaseIterable, Comparable {
        case read, publish, manage

        public static func < (left: Scope, right: Scope) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// A scope in one feed, or in all.
    public struct Grant: Sendable, Codable, Equatable {
        /// The feed; nil for all feeds.
        public let feed: FeedName?
        /// What is allowed there.
        public let scope: Scope

        /// A scope in a feed, or in all.
        public init(_ scope: Scope, in feed: FeedName? = nil) {
            self.feed = feed
            self.scope = scope
        }
    }

    /// Names the key; no secret.
    public let id: String
    /// What its owner calls it.
    public let name: String
    /// The SHA-256 of the key's 32 random bytes, in hex.
    package let sha256: String
    /// What it allows.
    public let grants: [Grant]
    /// When it was made.
    public let created: Timestamp
    /// Who made it.
    public let by: String
    /// From then on it is refused; nil for never.
    public let expires: Timestamp?
    /// When it was revoked; nil while it is valid.
    public var revoked: Timestamp?

    package var flaw: String? {
        Hex.bytes(sha256.utf8)?.count == 32 ? nil : "its hash is not a SHA-256"
    }

    package static let folder = KeyPrefix(trusted: "cluster/keys/")

    /// Whether the key is neither revoked nor expired.
    public func isValid(at now: Timestamp) -> Bool {
        revoked == nil && (expires.map { now < $0 } ?? true)
    }

    /// Whether the key allows that in a feed.
    public func allows(_ scope: Scope, in feed: FeedName) -> Bool {
        grants.contains { $0.scope >= scope && ($0.feed == nil || $0.feed == feed) }
    }
}

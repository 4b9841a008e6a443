internal import BlobCrypto

/// The secrets that all nodes of a store share: `cluster/secrets.json`.
package struct SecretsRecord: DocumentBody {
    package static let title = "ring of secrets"
    package enum CodingKeys: String, CodingKey, CaseIterable { case current, ring }

    package struct Entry: Codable, Sendable, Equatable {
        package let id: String
        /// 64 hex digits.
        package let secret: String
        /// For people.
        package let created: Timestamp
        package let by: String
    }

    /// The id of the secret that new things are signed with.
    package var current: String
    /// In the order in which they were made.
    package var ring: [Entry]

    package var flaw: String? {
        if !ring.contains(where: { $0.id == current }) { return "the current secret is not in the ring" }
        if let entry = ring.first(where: { Hex.bytes($0.secret.utf8)?.count != Secret.sizeBytes }) {
            return "the secret \"\(entry.id.prefix(40))\" does not have \(Secret.sizeBytes) bytes in hex"
        }
        return Set(ring.map(\.id)).count == ring.count ? nil : "two secrets have the same id"
    }

    package static let key = Key(trusted: "cluster/secrets.json")
}

/// What a node knows of the shared secrets, as its heartbeat tells without revealing any.
public struct SecretsKnown: Sendable, Equatable, Codable {
    /// The ids of the secrets that it can verify with.
    public let ids: [String]
    /// The same for two nodes exactly where they know the same secrets.
    public let fingerprint: String
}

/// Random bytes for secrets.
/// - Source: getrandom(2), by the system's generator.
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// Compares without telling by its time where the two differ.
func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}

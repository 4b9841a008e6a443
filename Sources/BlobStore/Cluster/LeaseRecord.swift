/// What a lease says: who claims it, for how long without a sign of life, and how often it changed hands.
///
/// It is never deleted, so that its term only grows.
package struct LeaseRecord: DocumentBody {
    package static let title = "lease"
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, holder, term, renewals, seconds, since }

    /// A process of a node.
    package struct Holder: Sendable, Equatable, Codable {
        package let node: String
        /// Fresh for each start of a process.
        package let process: String
    }

    package let name: String
    /// Nil when it was given back.
    package var holder: Holder?
    /// Grows each time the lease is taken.
    package var term: Int64
    /// Grows with each sign of life in this term.
    package var renewals: Int64
    /// How long the claim holds without a renewal.
    package var seconds: Int64
    /// When it was taken; for people.
    package var since: Timestamp

    package static func key(_ name: String) -> Key { Key(trusted: "cluster/leases/\(name).json") }
}

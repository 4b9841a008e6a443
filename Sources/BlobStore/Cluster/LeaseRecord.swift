/// What a lease says: who claims it, for how long without a sign of life, and how often it changed hands.
///
/// It is never deleted, so that its term only grows.
package struct LeaseRecord: DocumentBody {
    package static let title = "lease"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, holder, term, renewals, milliseconds, seconds, since
    }

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
    /// How long the claim holds without a renewal; nil where an earlier version wrote it.
    private var milliseconds: Int64?
    /// The same in whole seconds, rounded up: an earlier version reads nothing else.
    private var seconds: Int64
    /// When it was taken; for people.
    package var since: Timestamp

    /// A lease; unless more is said one that nobody ever had.
    init(
        name: String, holder: Holder? = nil, term: Int64 = 0, renewals: Int64 = 0, seconds: Int64 = 0,
        since: Timestamp = .now
    ) {
        self.name = name
        self.holder = holder
        self.term = term
        self.renewals = renewals
        self.seconds = seconds
        self.since = since
    }

    /// A day: nobody waits longer for a sign of life.
    private static let longestMilliseconds: Int64 = 86_400_000

    /// How long the claim holds without a renewal, whatever stands there at most a day.
    package var length: Duration {
        get {
            let stated = milliseconds ?? min(seconds, Self.longestMilliseconds / 1_000) * 1_000
            return .milliseconds(max(0, min(stated, Self.longestMilliseconds)))
        }
        set {
            let (seconds, attoseconds) = newValue.components
            let whole = max(0, min(seconds, Self.longestMilliseconds / 1_000))
            let stated = min(whole * 1_000 + max(0, attoseconds) / 1_000_000_000_000_000, Self.longestMilliseconds)
            milliseconds = stated
            self.seconds = (stated + 999) / 1_000
        }
    }

    package var flaw: String? {
        if let flaw = term.flawOfCounter { return "the term \(flaw)" }
        if let flaw = renewals.flawOfCounter { return "the number of renewals \(flaw)" }
        guard (0...Self.longestMilliseconds).contains(milliseconds ?? 0) else {
            return "a length of \(milliseconds ?? 0) milliseconds is out of range"
        }
        guard (0...Self.longestMilliseconds / 1_000).contains(seconds) else {
            return "a length of \(seconds) seconds is out of range"
        }
        return nil
    }

    package static let folder = KeyPrefix(trusted: "cluster/leases/")

    package static func key(_ name: String) -> Key { Key(trusted: "cluster/leases/\(name).json") }
}

extension LeaseRecord {
    /// The lease that stands there.
    /// - Throws: `corrupt` when it cannot be read, with what a person can do about it: nobody may do it unasked, since
    ///   another may be at work under that lease.
    package static func find(_ key: Key, in storage: any Storage) async throws(StoreError) -> Stored<LeaseRecord>? {
        do throws(StoreError) { return try await storage.document(key) } catch {
            guard error.code == .corrupt else { throw error }
            throw StoreError(
                .corrupt,
                "\(error.message); once no process does this work any more, remove \(key) by hand, on a filesystem with the "
                    + "folder \(key)~ beside it", cause: error.cause
            ).during("readRecord", key: key.text, root: storage.address)
        }
    }
}

/// Where the catalog of a server root is going, or has gone: `cluster/successor.json`.
///
/// While feeds are copied the old catalog is in charge. Then it is closed to new feeds, and hands its feed records over
/// one by one; and when it has none left, whoever opens the old server root is sent to the new one.
package struct ServerHandover: DocumentBody {
    package static let title = "note on the successor"
    package enum CodingKeys: String, CodingKey, CaseIterable { case root, id, since, by, state }

    /// How far it has come.
    package enum State: String, Sendable, Codable {
        /// Feeds are being migrated to the successor; nothing else has changed.
        case copying
        /// No feed is made here any more; records are being handed over.
        case closing
        /// All records are handed over.
        case done
        /// It was given up before any record was handed over.
        case givenUp
    }

    /// The new server root.
    package let root: RootURL
    /// The id that the marker there carries.
    package let id: String
    package let since: Timestamp
    package let by: String
    package var state: State

    package static let key = Key(trusted: "cluster/successor.json")

    /// Whether feeds are to be made at the successor.
    package var isClosed: Bool { state == .closing || state == .done }

    /// The note in a server root; nil where it never had a successor.
    package static func find(in storage: any Storage) async throws(StoreError) -> Stored<ServerHandover>? {
        try await storage.document(key)
    }
}

/// The server root that hands its feeds over to this one: `cluster/predecessor.json`.
///
/// As long as that has not ended, this server root does not hand its own feeds over to a third: what still arrives here
/// would be left behind.
package struct Predecessor: DocumentBody {
    package static let title = "note on the predecessor"
    package enum CodingKeys: String, CodingKey, CaseIterable { case root, id, since, by, isDone }

    package let root: RootURL
    /// The id that the marker there carries.
    package let id: String
    package let since: Timestamp
    package let by: String
    /// Whether all feeds have arrived.
    package var isDone = false

    package static let key = Key(trusted: "cluster/predecessor.json")

    /// The note in a server root; nil where it took over from none.
    package static func find(in storage: any Storage) async throws(StoreError) -> Stored<Predecessor>? {
        try await storage.document(key)
    }
}

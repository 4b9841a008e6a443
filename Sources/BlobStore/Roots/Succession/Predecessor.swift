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

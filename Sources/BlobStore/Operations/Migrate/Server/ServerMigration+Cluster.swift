// What the nodes share in the old server root, and need in the new one: API keys and secrets.
extension ServerMigration {
    private static let keys = KeyPrefix(trusted: "cluster/keys/")
    private static let secrets = Key(trusted: "cluster/secrets.json")

    /// Copies what the new server root lacks, or has in a version that the old one has replaced since.
    ///
    /// What was changed in the new server root stays: a key that was revoked there is not valid again.
    /// - Cost: one listing; for each key two requests, and a third where it is copied.
    func carryCluster(to successor: Root) async throws(StoreError) {
        try await carry(Self.secrets, to: successor)
        for try await page in store.server.storage.list(ListRequest(Self.keys)) {
            for case .key(let key, _) in page where key.isRecord { try await carry(key, to: successor) }
        }
    }

    private func carry(_ key: Key, to successor: Root) async throws(StoreError) {
        guard let record = try await store.server.storage.readRecord(key) else { return }
        let present = try await successor.storage.readRecord(key)
        let expectation: Record.Expectation
        if let present {
            guard let old = try? Document<AnyBody>(bytes: record.bytes),
                let new = try? Document<AnyBody>(bytes: present.bytes), old.ancestors.contains(new.revision)
            else { return }
            expectation = .version(present.version)
        } else {
            expectation = .absent
        }
        do throws(StoreError) {
            _ = try await successor.storage.writeRecord(key, record.bytes, expecting: expectation)
        } catch  where error.code == .preconditionFailed {
            // Another run of the migration, or a change in the new server root, came first.
        }
    }
}

/// A record of which only the revisions count.
private struct AnyBody: DocumentBody {
    static let title = "record of the cluster"
    enum CodingKeys: CodingKey, CaseIterable {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws {}
}

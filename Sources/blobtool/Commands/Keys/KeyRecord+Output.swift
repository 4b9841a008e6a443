internal import BlobCluster
internal import BlobTerminal

extension KeyRecord {
    /// The `key` line; with the key itself where it was just made.
    func line(token: String? = nil) -> JSONLine {
        let only = grants.count == 1 ? grants.first : nil
        return JSONLine(
            "key",
            [
                "id": .string(id), "secret": token.map { .string($0) }, "name": .string(name),
                "feed": only.map { $0.feed.map { .string($0.text) } ?? .null },
                "scope": only.map { .string($0.scope.rawValue) },
                "grants": .array(
                    grants.map { grant in
                        .object([
                            LineValue.Field("feed", grant.feed.map { .string($0.text) } ?? .null),
                            LineValue.Field("scope", .string(grant.scope.rawValue)),
                        ])
                    }),
                "created": .string(created.description), "by": .string(by),
                "expires": expires.map { .string($0.description) }, "revoked": revoked.map { .string($0.description) },
                "valid": .bool(isValid(at: .now)),
            ])
    }

    /// e.g. `publish in npm`
    var allowed: String {
        grants.map { "\($0.scope.rawValue) in \($0.feed.map(\.text) ?? "all feeds")" }.joined(separator: ", ")
    }

    /// e.g. `valid`
    var state: String {
        if let revoked { return "revoked \(revoked)" }
        guard let expires else { return "valid" }
        return isValid(at: .now) ? "valid until \(expires)" : "expired \(expires)"
    }
}

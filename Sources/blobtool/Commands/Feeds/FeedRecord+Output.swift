internal import BlobStore
internal import BlobTerminal

extension FeedRecord {
    /// The `feed` line.
    func line(in store: PackageStore) -> JSONLine {
        JSONLine(
            "feed",
            [
                "feed": .string(feed.text), "root": .string(store.location(self).description),
                "source": .string(source),
                "mutable": .bool(mutable), "state": .string(state.rawValue), "epoch": .integer(epoch),
                "id": .string(id),
                "graceSeconds": .integer(graceSeconds),
                "digests": .array((digests ?? []).map { .string($0.rawValue) }),
                "created": .string(created.description),
            ])
    }

    /// Who says where the feed's root is.
    var source: String { root == nil ? "server" : "feed" }

    /// The feed for people, on several lines.
    func text(in store: PackageStore) -> String {
        """
        feed     \(feed)
        root     \(store.location(self)) (\(root == nil ? "in the server root" : "the feed's own"))
        id       \(id)
        policy   \(mutable ? "mutable" : "immutable"), grace \(Duration.seconds(graceSeconds).written)
        digests  \((["sha256"] + (digests ?? []).map(\.rawValue)).joined(separator: ", "))
        state    \(state.rawValue), epoch \(epoch)
        created  \(created)
        """
    }
}

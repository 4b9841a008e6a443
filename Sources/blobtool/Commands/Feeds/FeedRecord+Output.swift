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
                "migration": migration.map { .object(fields($0.root, $0.since, $0.by, in: store)) },
                "former": .array(
                    formerRoots.map { former in
                        let state = former.deletion.map { $0.isDone ? "closed" : "deleting" } ?? "whole"
                        let place = fields(former.root, former.since, former.by, in: store)
                        return .object(place + [LineValue.Field("state", .string(state))])
                    }),
            ])
    }

    private func fields(
        _ root: RootURL?, _ since: Timestamp, _ by: String, in store: PackageStore
    ) -> [LineValue.Field] {
        [
            LineValue.Field("root", .string(store.place(root, of: feed).description)),
            LineValue.Field("since", .string(since.description)), LineValue.Field("by", .string(by)),
        ]
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
        """ + others(in: store)
    }

    /// The feed's roots beside its present one, a line each.
    private func others(in store: PackageStore) -> String {
        var lines: [String] = []
        if let migration {
            let place = store.place(migration.root, of: feed)
            lines.append("copying  to \(place), since \(migration.since) by \(migration.by)")
        }
        for former in formerRoots {
            let place = store.place(former.root, of: feed)
            lines.append("former   \(place), since \(former.since)\(Self.note(former.deletion))")
        }
        return lines.map { "\n" + $0.printable }.joined()
    }

    private static func note(_ deletion: FormerRoot.Deletion?) -> String {
        guard let deletion else { return "" }
        return deletion.isDone ? ": deleted, and closed until --reopen" : ": being deleted"
    }
}

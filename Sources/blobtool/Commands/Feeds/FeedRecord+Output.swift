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
                "verifySeconds": .integer(verificationPeriod?.components.seconds ?? 0), "collects": .bool(isCollected),
                "anonymousRead": .bool(isOpenToAnyone),
                "replaceable": .array((replaceable ?? []).map { .string($0.text) }),
                "retain": .array(retentionRules.map { .string($0.description) }),
                "created": .string(created.description),
                "deletion": deletion.map { deletion in
                    .object([
                        LineValue.Field("since", .string(deletion.since.description)),
                        LineValue.Field("by", .string(deletion.by)),
                        LineValue.Field("purge", .bool(deletion.purges)),
                        LineValue.Field("step", .string(deletion.step.rawValue)),
                    ])
                },
                "migration": migration.map { .object(fields(of: $0.root, since: $0.since, by: $0.by, in: store)) },
                "former": .array(
                    formerRoots.map { former in
                        let state = former.deletion.map { $0.isDone ? "closed" : "deleting" } ?? "whole"
                        let place = fields(of: former.root, since: former.since, by: former.by, in: store)
                        return .object(place + [LineValue.Field("state", .string(state))])
                    }),
            ])
    }

    private func fields(
        of root: RootURL?, since: Timestamp, by: String, in store: PackageStore
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
        upkeep   \(upkeep)
        reading  \(isOpenToAnyone ? "anybody" : "with an API key") over HTTP
        state    \(state.rawValue), epoch \(epoch)
        created  \(created)
        """ + others(in: store)
    }

    /// What server nodes do with the feed unasked.
    private var upkeep: String {
        let verification =
            verificationPeriod.map { "all content is verified within \($0.written)" } ?? "no verification"
        return verification + (isCollected ? ", garbage is freed" : ", garbage is kept")
    }

    /// What only some feeds have: patterns of paths, and roots beside the present one; a line each.
    private func others(in store: PackageStore) -> String {
        var lines: [String] = []
        let patterns = (replaceable ?? []).map(\.text)
        if !patterns.isEmpty { lines.append("replaces \(patterns.joined(separator: ", "))") }
        let rules = retentionRules.map(\.description)
        if !rules.isEmpty { lines.append("retains  \(rules.joined(separator: ", "))") }
        if state == .deleting { lines.append("deletion \(wayOutOfDeletion)") }
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
        return deletion.isDone ? ", deleted and closed until --reopen" : ", being deleted"
    }
}

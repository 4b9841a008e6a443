internal import BlobStore
internal import BlobTerminal

extension PackageRecord {
    /// The `package` line.
    /// - Parameter revision: of the record, where it was looked at alone.
    func line(revision: String? = nil) -> JSONLine {
        JSONLine(
            "package",
            [
                "path": .string(path.text), "digest": .string(digest.description), "size": .integer(size),
                "published": .string(published.description), "publishedBy": .string(publishedBy),
                "contentType": contentType.map { .string($0) }, "digests": digests.map(Self.object),
                "annotations": annotations.map(Self.object), "deleted": deleted.map(\.value),
                "restored": restored.map(\.value), "revision": revision.map { .string($0) },
            ])
    }

    private static func object(_ values: [String: String]) -> LineValue {
        .object(values.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
    }

    /// The package as a line of a long listing.
    var longText: String {
        "\(pad(String(size), to: 12, .right))  \(published)  \(digest.hex.prefix(12))  \(shortText)"
    }

    /// The package as a line of a listing.
    var shortText: String {
        let mark = "  (deleted)"
        return path.text.named(before: mark) + (deleted == nil ? "" : mark)
    }

    /// The package for people, on several lines.
    func text(revision: String) -> String {
        var rows = [
            ("path", path.text.named()), ("digest", digest.description),
            ("size", "\(size) (\(ByteSize(bytes: size).human))"),
            ("published", "\(published) by \(publishedBy)"), ("revision", revision),
        ]
        for (name, value) in (digests ?? [:]).sorted(by: { $0.key < $1.key }) { rows.append((name, value)) }
        if let contentType { rows.append(("content type", contentType)) }
        for (name, value) in (annotations ?? [:]).sorted(by: { $0.key < $1.key }) { rows.append((name, value)) }
        if let restored { rows.append(("restored", "\(restored.at) by \(restored.by)")) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "\(pad($0.printable, to: width, .left))  \($1.printable)" }.joined(separator: "\n")
    }
}

extension PackageRecord.Act {
    var value: LineValue {
        .object([.init("at", .string(at.description)), .init("by", .string(by))])
    }
}

extension Published {
    /// The `published` line; in a dry run it says so, and what it would be.
    func line(isDryRun: Bool = false) -> JSONLine {
        JSONLine(
            "published",
            [
                "path": .string(path.text), "digest": .string(digest.description), "size": .integer(size),
                "outcome": .string(outcome.rawValue), "verified": verified.map { .string($0.text) },
                "dryRun": isDryRun ? true : nil,
            ])
    }

    func text(isDryRun: Bool = false) -> String {
        "\(isDryRun ? "would be " : "")\(pad(outcome.rawValue, to: 9, .left))  \(path.text.named())  (\(ByteSize(bytes: size).human), \(digest))"
    }
}

extension Published.Verified {
    fileprivate var text: String {
        switch self {
        case .now: "now"
        case .earlier(let time): time.description
        }
    }
}

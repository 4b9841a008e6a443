internal import BlobStore

/// Which write a record is of, and which writes came before it: kept beside its bytes, so that what became of a
/// write whose answer was lost can be told from the record alone.
struct WriteLineage: Sendable, Equatable {
    private static let writeField = "x-amz-meta-blobstore-write"
    private static let afterField = "x-amz-meta-blobstore-after"
    private static let maximumAncestors = 16

    /// Names this write and no other.
    let write: String
    /// The writes before it, the latest first.
    let ancestors: [String]

    init(after previous: RecordToken?) {
        write = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        guard let previous, let lineage = previous.lineage else {
            ancestors = []
            return
        }
        ancestors = Array(([lineage.write] + lineage.ancestors).prefix(Self.maximumAncestors))
    }

    init(write: String, ancestors: [String]) {
        self.write = write
        self.ancestors = ancestors
    }

    /// What an answer's fields tell; nil for a record that another program put there.
    init?(_ headers: HTTPHeaders) {
        guard let write = headers[Self.writeField], !write.isEmpty else { return nil }
        self.write = write
        ancestors = headers[Self.afterField]?.split(separator: ",").map { String($0.filter { $0 != " " }) } ?? []
    }

    func keep(in headers: inout HTTPHeaders) {
        headers[Self.writeField] = write
        headers[Self.afterField] = ancestors.isEmpty ? nil : ancestors.joined(separator: ",")
    }

    /// Whether the chain reaches back to `previous` (nil for the beginning), so that a write's absence from it proves
    /// that it never was.
    func reaches(_ previous: RecordToken?) -> Bool {
        guard let previous else { return ancestors.count < Self.maximumAncestors }
        guard let write = previous.lineage?.write else { return false }
        return ancestors.contains(write)
    }
}

/// The version of a record: its ETag, which the server compares, and its lineage.
struct RecordToken: Sendable, Equatable {
    /// Without quotes.
    let etag: String
    let lineage: WriteLineage?

    init(etag: String, lineage: WriteLineage?) {
        var bare = etag[...]
        if bare.hasPrefix("W/") { bare = bare.dropFirst(2) }
        self.etag = bare.filter { $0 != "\"" && $0 != " " }
        self.lineage = lineage
    }

    init(_ version: Record.Version) {
        let words = version.token.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        etag = words[0]
        lineage =
            words.count == 3
            ? WriteLineage(write: words[1], ancestors: words[2].split(separator: ",").map(String.init)) : nil
    }

    var version: Record.Version {
        guard let lineage else { return Record.Version(token: etag) }
        return Record.Version(token: "\(etag) \(lineage.write) \(lineage.ancestors.joined(separator: ","))")
    }
}

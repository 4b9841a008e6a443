@testable import BlobStore

extension Storage {
    /// Puts other bytes in the place of a blob.
    func spoil(_ digest: Digest, _ bytes: [UInt8]) async throws {
        try await removeObject(FeedLayout.blob(digest))
        _ = try await writeObject(FeedLayout.blob(digest), ObjectSource(bytes))
    }

    /// Puts other bytes in the place of a record, or where none is.
    func garble(_ key: Key, _ text: String = "{\"format\":1,") async throws {
        let version = try await readRecord(key).map { Record.Expectation.version($0.version) } ?? .absent
        _ = try await writeRecord(key, Array(text.utf8), expecting: version)
    }

    /// All bytes of an object; nil when it is absent.
    func bytes(_ key: Key) async throws -> [UInt8]? {
        if try await statObject(key) == nil { return nil }
        return try await withObject(key) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return bytes
        }
    }

    /// The names in a folder.
    func names(_ folder: KeyPrefix) async throws -> [String] {
        try await list(ListRequest(folder)).flattened().map(\.text)
    }
}

extension Feed {
    /// All that a feed says: each path with its history and, unless it is deleted, its content.
    func everything() async throws -> [String] {
        var lines: [String] = []
        for path in try await paths().flattened() {
            let states = try await log(path).map { "\($0.revision) \($0.digest) \($0.deleted == nil)" }
            lines.append("\(path): \(states) \(try await text(at: path.text) ?? "deleted")")
        }
        return lines
    }

    /// The errors that a check of all content finds.
    func flaws() async throws -> [String] {
        let found = Collected<String>()
        let tally = CheckTally(name) { event in
            switch event {
            case .finding(let finding) where finding.severity == .error:
                found.add("\(finding.kind.rawValue) \(finding.key)")
            case .incomplete(_, let error, _): found.add("\(error)")
            default: break
            }
        }
        try await FeedCheck(open(), .init(content: .all), tally: tally).run()
        return found.all
    }
}

/// Awkward package paths are stored under their escaped names, listed, and read back.
struct NameWorkload: Workload {
    struct Note: Codable, Sendable {
        var count = 0
        /// Which came back otherwise, and how.
        var flaws: [String] = []
    }

    let name = "names"
    let guarantees = ["names"]

    static let paths = [
        "Left-Pad/1.0.0/Left-Pad.tgz", "left-pad/1.0.0/left-pad.tgz", "LEFT-PAD/1.0.0/LEFT-PAD.TGZ",
        "@scope/name/-/name-1.0.0+build.5.tgz", "a b/c  d.txt", "a+b/a%2Bb", "a+b/a+b", "100%/50%25",
        "caf\u{e9}/menu", "cafe\u{301}/menu", "\u{8449}/\u{1f330}", "con/aux.txt", "NUL/com1.tar.gz", "lpt9", "conin$",
        "tilde~/x~1", "dots../..hidden", " space /end ", "x.json/y.json", "back\\slash", "q?*:|<>\"", "tab\tbell\u{7}",
        "semi;colon&amp;=", "#hash/[bracket]{brace}", "!bang/'quote'`",
    ]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        let storage = barrier.storage
        var note = Note()
        var folders = Self.paths
        // As long as a segment, and as long as a key may become.
        folders.append(String(repeating: "n", count: 200))
        folders.append(Array(repeating: String(repeating: "d", count: 99), count: 7).joined(separator: "/"))
        var written: [Key: String] = [:]
        for folder in folders {
            let path = try PackagePath("\(barrier.me)/\(folder)")
            _ = try await storage.create(path.key, Claim(by: path.text, turn: 1))
            written[path.key] = path.text
        }
        note.count = written.count
        var listed: Set<Key> = []
        for try await page in storage.list(ListRequest(try KeyPrefix("packages/\(barrier.me)/"))) {
            for entry in page {
                guard case .key(let key, _) = entry, written[key] != nil else {
                    note.flaws.append("\"\(entry.text)\" is listed, but nobody wrote it")
                    continue
                }
                listed.insert(key)
            }
        }
        for (key, text) in written {
            if !listed.contains(key) { note.flaws.append("\"\(text)\" is not listed") }
            let found: Stored<Claim>? = try await storage.document(key)
            if found?.body.by != text { note.flaws.append("\"\(text)\" reads as \"\(found?.body.by ?? "nothing")\"") }
        }
        return note
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        let flaws = notes.flatMap(\.flaws).sorted()
        let count = notes.map(\.count).max() ?? 0
        guard let first = flaws.first else {
            return [
                Guarantee(
                    "names", holds: true,
                    "\(count) awkward names (capitals, Unicode, device names, long ones) are kept apart, listed and read"
                )
            ]
        }
        return [
            Guarantee("names", holds: false, "of \(count) awkward names, \(flaws.count) came back changed: \(first)")
        ]
    }
}

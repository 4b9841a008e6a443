/// Does what a publication does, in its order: content is staged, committed, named by a record, and looked at at once,
/// by this very machine, while it holds on to what it staged.
struct PublicationWorkload: Workload {
    struct Note: Codable, Sendable {
        var count = 0
        /// What went wrong, in the order in which it did.
        var flaws: [String] = []
    }

    let name = "publication"
    let guarantees = ["publication"]

    /// In memory until its commit, and written before it.
    private static let sizes = [0, 1, 70_000, 70_001, (1 << 20) + 1, (2 << 20) + 5]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        var note = Note()
        for (turn, size) in Self.sizes.enumerated() {
            note.count += 1
            do throws(StoreError) {
                if let flaw = try await publish(turn, size: size, barrier: barrier) { note.flaws.append(flaw) }
            } catch {
                if error.code == .cancelled { throw error }
                note.flaws.append(error.description)
            }
        }
        return note
    }

    /// - Returns: what was otherwise than it must be; nil when all was well.
    private func publish(_ turn: Int, size: Int, barrier: Barrier) async throws(StoreError) -> String? {
        let storage = barrier.storage
        let blob = try Key("published/\(barrier.me)/\(turn)")
        let record = try Key("published/\(barrier.me)/\(turn).json")
        let staged = try await storage.stageObject()
        for start in stride(from: 0, to: size, by: chunkSizeBytes) {
            try await staged.append([UInt8](repeating: UInt8(turn), count: min(chunkSizeBytes, size - start)))
        }
        _ = try await staged.commit(blob)
        _ = try await storage.create(record, Claim(by: barrier.me, turn: turn))
        guard try await storage.statObject(blob)?.size == Int64(size) else { return "what was published is missing" }
        // A collector took it: the publisher brings it back.
        try await storage.removeObject(blob)
        _ = try await staged.commit(blob)
        guard try await storage.refreshObject(blob, size: Int64(size)) else {
            return "what was restored is missing"
        }
        let stored: Stored<Claim> = try await storage.update(record) { (claim) throws(StoreError) in
            Claim(by: claim.by, turn: claim.turn + 1)
        }
        guard try await storage.document(record, as: Claim.self)?.version == stored.version else {
            return "a record that was replaced reads as another"
        }
        let found = try await Self.size(of: blob, in: storage)
        await staged.discard()
        return found == size ? nil : "what was published has \(found) bytes instead of \(size)"
    }

    private static func size(of key: Key, in storage: any Storage) async throws(StoreError) -> Int {
        try await storage.readObject(key, range: nil) { (content) async throws(StoreError) in
            var size = 0
            for try await chunk in content.chunks { size += chunk.count }
            return size
        }
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        let flaws = notes.flatMap(\.flaws)
        let count = notes.reduce(0) { $0 + $1.count }
        guard let first = flaws.first else {
            return [
                Guarantee(
                    "publication", holds: true, "\(count) objects were staged, published and read back immediately")
            ]
        }
        return [Guarantee("publication", holds: false, "\(flaws.count) of \(count) publications failed: \(first)")]
    }
}

/// All list while all write: what was there before must be in every listing, once, and in order.
struct ListingWorkload: Workload {
    struct Note: Codable, Sendable {
        var listings = 0
        /// Names that were there and were not listed.
        var missing = 0
        /// Entries that did not come after the one before.
        var disordered = 0
        /// Names that were listed after they had been removed.
        var lingering = 0
    }

    private static let names = 48
    private static let listings = 3
    let name = "listing"
    let guarantees = ["complete-listing", "ordered-listing", "visible-removal"]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        let storage = barrier.storage
        let participants = try await barrier.meet("begin")
        let mine = try Self.keys(of: barrier.me, "a")
        try await write(mine, storage)
        try await barrier.meet("written")
        var note = Note()
        var expected: Set<Key> = []
        for participant in participants { expected.formUnion(try Self.keys(of: participant, "a")) }
        for turn in 0..<Self.listings {
            // Between these names more and more come.
            try await write(try Self.keys(of: barrier.me, "b\(turn)"), storage)
            let found = try await list(storage)
            note.listings += 1
            note.missing += expected.subtracting(found).count
            note.disordered += zip(found, found.dropFirst()).count { $0 >= $1 }
        }
        try await barrier.meet("listed")
        for result in try await storage.removeObjects(mine) { try result.get() }
        try await barrier.meet("removed")
        note.lingering = expected.intersection(try await list(storage)).count
        return note
    }

    private func write(_ keys: [Key], _ storage: any Storage) async throws(StoreError) {
        try await concurrently(8, keys) { (key) async throws(StoreError) in
            _ = try await storage.writeObject(key, ObjectSource(Array(key.text.utf8)))
        }
    }

    private func list(_ storage: any Storage) async throws(StoreError) -> [Key] {
        var found: [Key] = []
        for try await page in storage.list(ListRequest(try KeyPrefix("list/"))) {
            for case .key(let key, _) in page { found.append(key) }
        }
        return found
    }

    /// Names beside and below each other, whose order differs by how a server sorts.
    private static func keys(of participant: String, _ batch: String) throws(StoreError) -> [Key] {
        var keys: [Key] = []
        for number in 0..<names {
            let folder = "list/\(number % 6)"
            let place = ["\(folder)/", "\(folder)-", "\(folder)%2f", "\(folder)!a/"][number % 4]
            keys.append(try Key("\(place)\(batch)-\(participant)-\(number)"))
        }
        return keys
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        let listings = notes.reduce(0) { $0 + $1.listings }
        let told = "\(listings) listings by \(notes.count) processes while all of them wrote"
        let missing = notes.reduce(0) { $0 + $1.missing }
        let disordered = notes.reduce(0) { $0 + $1.disordered }
        let lingering = notes.reduce(0) { $0 + $1.lingering }
        return [
            Guarantee(
                "complete-listing", holds: missing == 0,
                missing == 0
                    ? "\(told): each of them had everything that was there before"
                    : "\(told) left out \(missing) names that were there throughout"),
            Guarantee(
                "ordered-listing", holds: disordered == 0,
                disordered == 0
                    ? "\(told): names in byte order, each once"
                    : "\(told) had \(disordered) names out of order or twice"),
            Guarantee(
                "visible-removal", holds: lingering == 0,
                lingering == 0
                    ? "no listing showed what others had removed"
                    : "\(lingering) names were listed after another had removed them"),
        ]
    }
}

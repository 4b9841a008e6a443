extension OpenFeed {
    /// Which of some paths have a record, by listing rather than by asking for each: a hint, for what is written
    /// meanwhile is not seen.
    ///
    /// The listing skips what lies between the paths, so that a few of them in a large feed cost no more than asking
    /// for each would.
    /// - Returns: nil where a listing costs more than asking, as on a filesystem.
    /// - Cost: a request for a thousand records that are there, and at most one for each path.
    func recorded(among paths: [PackagePath]) async throws(StoreError) -> [Key: ListedRecord]? {
        if storage.capabilities.atomicMove || paths.count < 2 { return nil }
        var wanted = paths.map(\.key).sorted()[...]
        var found: [Key: ListedRecord] = [:]
        while let first = wanted.first {
            // From just before its name: it is among the first.
            let before = Key(trusted: String(first.text.dropLast()))
            let request = ListRequest(FeedLayout.packages, startAfter: before, wantsDetails: true)
            var pages = storage.list(request).makeAsyncIterator()
            guard let page = try await pages.next() else { break }
            var last: Key?
            for case .key(let key, let info) in page {
                last = key
                while let next = wanted.first, next < key { wanted.removeFirst() }
                if wanted.first == key {
                    found[key] = ListedRecord(key: key, info: info)
                    wanted.removeFirst()
                }
            }
            // A page without records tells nothing of those behind it.
            if last == nil || wanted.first == first { return nil }
        }
        return found
    }
}

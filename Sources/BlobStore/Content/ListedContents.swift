/// All blobs of a root as one listing showed them, so that not each is asked for.
///
/// *Cost*: memory of 24 bytes a blob; a request for a thousand.
struct ListedContents: Sendable {
    /// Of more blobs there is none: each is asked for.
    static let maximumCount = 2_000_000

    private struct Mark: Sendable {
        let first: UInt64
        let second: UInt64
        let size: Int64
    }

    /// In the order of the digests, which is that of the listing.
    private var marks: [Mark] = []

    /// By a listing that begins now.
    /// - Returns: nil where there are too many, or the listing is not in order.
    static func list(_ storage: any Storage) async throws(StoreError) -> ListedContents? {
        var contents = ListedContents()
        for try await page in storage.list(ListRequest(FeedLayout.blobs, wantsDetails: true, passesUnreadable: true)) {
            if Task.isCancelled { throw StoreError(.cancelled, "the listing was cancelled") }
            for case .key(let key, let info?) in page {
                guard let halves = FeedLayout.digest(ofBlob: key)?.halves else { continue }
                let mark = Mark(first: halves.first, second: halves.second, size: info.size)
                if let last = contents.marks.last, (last.first, last.second) >= (mark.first, mark.second) { return nil }
                contents.marks.append(mark)
            }
            if contents.marks.count > maximumCount { return nil }
        }
        return contents
    }

    /// Whether content of that digest was listed, in that size.
    func contains(_ digest: Digest, size: Int64) -> Bool {
        let wanted = digest.halves
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            if (marks[middle].first, marks[middle].second) < wanted { low = middle + 1 } else { high = middle }
        }
        guard low < marks.count else { return false }
        return (marks[low].first, marks[low].second) == wanted && marks[low].size == size
    }
}

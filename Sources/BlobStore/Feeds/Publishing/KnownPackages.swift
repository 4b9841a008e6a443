internal import Synchronization

/// What an import of a tree into a bucket knows of packages without asking for each: records from the index, and
/// content from one listing of all of it. And what the import itself writes, for the index.
final class KnownPackages: Sendable {
    fileprivate struct State {
        /// Of the root that the rest is about.
        var opened: OpenFeed?
        var walk: RecordWalk?
        var additions: IndexAdditions?
        /// All content, listed after `opened` was read; nil while it is not worth it.
        var contents: ListedContents?
        /// Packages whose content was, or could have been, looked for.
        var asked = 0
        var isContentListed = false
    }

    private let state = Mutex(State())

    /// Packages of a batch that were published before, as far as that is known.
    struct Batch: Sendable {
        let records: [Key: Stored<PackageRecord>]
        fileprivate let contents: ListedContents?

        /// Nothing is known.
        static var none: Batch { Batch(records: [:], contents: nil) }

        /// Whether the content of a record was seen in its place; false where it has to be looked for.
        func isInPlace(_ record: PackageRecord) -> Bool {
            contents?.contains(record.digest, size: record.size) ?? false
        }
    }

    /// What is known of some packages, of which a listing told just now.
    func batch(_ listed: [ListedRecord], in opened: OpenFeed) async throws(StoreError) -> Batch {
        let walk = state.withLock { state -> RecordWalk in
            if let walk = state.walk, state.isAbout(opened) { return walk }
            let walk = RecordWalk(opened.storage, for: .work)
            let additions = state.opened?.record.id == opened.record.id ? state.additions : nil
            state = State(opened: opened, walk: walk, additions: additions)
            return walk
        }
        var records: [Key: Stored<PackageRecord>] = [:]
        for (key, record) in await walk.known(listed) {
            guard let stored = try? Stored<PackageRecord>(record, at: key), stored.body.path.key == key else {
                continue
            }
            if stored.body.deleted == nil { records[key] = stored }
        }
        return Batch(records: records, contents: try await contents(for: records.count, walk, in: opened))
    }

    /// The listing of all content, once asking for each would have cost as much.
    private func contents(
        for count: Int, _ walk: RecordWalk, in opened: OpenFeed
    ) async throws(StoreError) -> ListedContents? {
        let (isDue, known) = state.withLock { state in
            state.asked += count
            let isDue = !state.isContentListed && state.asked > walk.indexed / 1_000 + 1
            if isDue { (state.isContentListed, state.opened) = (true, opened) }
            return (isDue, state.contents)
        }
        guard isDue else { return known }
        let listed = try await ListedContents.list(opened.storage)
        state.withLock { $0.contents = listed }
        return listed
    }

    /// Notes what was written.
    func add(_ written: Stored<PackageRecord>, in opened: OpenFeed) async {
        let additions = state.withLock { state -> IndexAdditions? in
            if let additions = state.additions, state.opened?.record.id == opened.record.id { return additions }
            guard !opened.storage.capabilities.atomicMove else { return nil }
            let additions = IndexAdditions(to: opened.storage)
            if state.opened == nil { state.opened = opened }
            if state.opened?.record.id == opened.record.id { state.additions = additions }
            return additions
        }
        guard let additions, let bytes = try? written.document.bytes() else { return }
        await additions.add(written.body.path.key, bytes)
    }

    /// Puts what was written into the index.
    func end() async { await state.withLock { $0.additions }?.end() }
}

extension KnownPackages.State {
    /// Whether nobody began to take content away since, and the feed is where it was: so content that was seen then is
    /// in its place for who settles with the collectors from now on.
    fileprivate func isAbout(_ now: OpenFeed) -> Bool {
        guard let opened, opened.record.id == now.record.id, opened.record.epoch == now.record.epoch else {
            return false
        }
        return opened.record.isUndisturbed(at: now.record)
    }
}

internal import BlobSystem
internal import LocalFiles
internal import Synchronization

/// How many files of a tree are reported together, after the feed was seen to be where it was: so many as take a few
/// seconds, so that little is done again after an end in the middle, and a slow share shows that it goes on.
struct BatchSize: Sendable {
    private(set) var count = 64

    mutating func learn(from time: Duration) {
        if time < .seconds(2) { count = min(count * (time < .seconds(1) ? 4 : 2), 1_024) }
        if time > .seconds(4) { count = max(count / 2, 64) }
    }
}

extension PublishOperation {
    /// How many files are worked on at once. To a bucket they mostly wait for answers, and how many requests are under
    /// way is bounded there.
    private func jobs(in opened: OpenFeed) -> Int {
        options.jobs ?? (opened.storage.capabilities.atomicMove ? 64 : 256)
    }

    /// Publishes a batch, again from the start where the feed changes meanwhile, and reports it.
    func adopt(
        _ batch: [FileToPublish], knowing known: KnownPackages, _ tally: PublishTally
    ) async throws(StoreError) {
        var earlier: BatchOutcomes?
        let all = try await feed.untilCurrent("meanwhile", isForWriting: !options.isDryRun) {
            (opened) async throws(StoreError) -> Round<[BatchOutcomes.Outcome]>? in
            if let earlier { tally.takeBack(earlier.all) }
            let outcomes = BatchOutcomes()
            earlier = outcomes
            do throws(StoreError) {
                try await adopt(batch, known, in: opened, noting: outcomes, tally.counter)
                let isCurrent = try await settle(outcomes, in: opened)
                for publication in outcomes.unsettled.map(\.publication) {
                    if let written = publication.recorded.written { await known.add(written, in: opened) }
                }
                return Round(value: outcomes.all, isKnownToBeCurrent: isCurrent)
            } catch {
                // Of the rest nothing may be reported where the feed may have moved, or content was taken away.
                // What was done before a cancellation is told, too.
                let isSettled = (try? await uncancelled { await opened.isUndisturbedAndCurrent() }) ?? false
                tally.add(isSettled ? outcomes.all : outcomes.failures)
                throw error
            }
        }
        tally.add(all)
    }

    private func adopt(
        _ batch: [FileToPublish], _ known: KnownPackages, in opened: OpenFeed, noting outcomes: BatchOutcomes,
        _ counter: WorkCounter
    ) async throws(StoreError) {
        let budget = ByteBudget(48 << 20)
        let paths = batch.compactMap { try? path(of: $0) }
        // Where that fails each is asked for.
        let recorded = options.isDryRun ? nil : (try? await opened.recorded(among: paths)) ?? nil
        let earlier = recorded.map { Array($0.values) } ?? []
        let present = Present(
            recorded: recorded, known: earlier.isEmpty ? .none : (try? await known.batch(earlier, in: opened)) ?? .none)
        let alone = { @Sendable (file: FileToPublish) async throws(StoreError) in
            try await adopt(alone: file, present, in: opened, within: budget, noting: outcomes, counter)
        }
        // Each file of a group has as many files open as one that is published by itself.
        let best = await groupSize(in: opened)
        let jobs = ProcessLimits.fitting(options.jobs ?? (best > 1 ? 2 * best : jobs(in: opened)))
        // One group works while another one waits for the disk.
        let size = min(best, jobs / 2) < Self.fewestTogether ? 1 : min(best, jobs / 2)
        guard size > 1 else { return try await concurrently(jobs, batch, alone) }
        var rest = batch[...]
        let nextGroup = { () -> [FileToPublish]? in
            defer { rest = rest.dropFirst(size) }
            return rest.isEmpty ? nil : Array(rest.prefix(size))
        }
        try await concurrently(max(1, jobs / size), { () throws(StoreError) in nextGroup() }) {
            (group) async throws(StoreError) in
            let left = try await adopt(together: group, in: opened, noting: outcomes, counter)
            try await concurrently(size, left, alone)
        }
    }

    /// What a listing and the index tell of a batch.
    private struct Present: Sendable {
        /// Which paths have a record; nil where no listing was made.
        let recorded: [Key: ListedRecord]?
        let known: KnownPackages.Batch
    }

    /// - Throws: what meets every file; the failure of this one alone is noted.
    private func adopt(
        alone file: FileToPublish, _ present: Present, in opened: OpenFeed, within budget: ByteBudget,
        noting outcomes: BatchOutcomes, _ counter: WorkCounter
    ) async throws(StoreError) {
        let count = ItemCount(counter)
        do throws(StoreError) {
            let item = try await adopt(file, present, in: opened, within: budget, noting: outcomes) { count.pass($0) }
            count.finish(item.size)
            outcomes.add(file.name, .success(item))
        } catch {
            count.finish(0)
            if error.code != .cancelled { outcomes.add(file.name, .failure(error)) }
            if error.meetsEveryItem { throw error }
        }
    }

    private func adopt(
        _ file: FileToPublish, _ present: Present, in opened: OpenFeed, within budget: ByteBudget,
        noting outcomes: BatchOutcomes, _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Item {
        try await read(file, within: budget) { (local, path) async throws(StoreError) in
            let content = local.source.counted(pass)
            if options.isDryRun {
                let outcome = try await opened.preview(content, at: path)
                return Item(name: file.name.description, path: path, outcome: outcome, size: local.size, published: nil)
            }
            let seemsAbsent = present.recorded.map { $0[path.key] == nil } ?? false
            let unsettled = try await opened.adopt(
                content, at: path, seemsAbsent: seemsAbsent, known: present.known, options.details.describing(local))
            outcomes.add(file, unsettled)
            return Item(file, unsettled.published)
        }
    }

    private func read(
        _ file: FileToPublish, within budget: ByteBudget,
        _ body: (LocalFile, PackagePath) async throws(StoreError) -> Item
    ) async throws(StoreError) -> Item {
        let path = try path(of: file)
        let local = try await LocalFile.open(file.place, followingLinks: file.followsLink)
        // A file in flight holds its size in memory, up to a few chunks.
        return try await budget.spend(min(max(local.size, 65_536), 6 << 20)) { () async throws(StoreError) in
            try await body(local, path)
        }
    }

    /// Step 3 for a batch: one read of the feed's record settles all of it, unless content may have been taken away
    /// meanwhile. Then each is looked at, and published once more where it is gone.
    /// - Returns: whether that read showed that the feed is current, too.
    private func settle(_ outcomes: BatchOutcomes, in opened: OpenFeed) async throws(StoreError) -> Bool {
        let unsettled = outcomes.unsettled
        if options.isDryRun || unsettled.isEmpty { return false }
        if await opened.isUndisturbedAndCurrent() { return true }
        let budget = ByteBudget(48 << 20)
        try await concurrently(jobs(in: opened), unsettled) { (file, publication) async throws(StoreError) in
            do throws(StoreError) {
                do throws(StoreError) {
                    try await opened.settle(publication.recorded, of: publication.summary, from: nil)
                } catch  where error.code == .notFound {
                    let item = try await read(file, within: budget) { (local, path) async throws(StoreError) in
                        let details = options.details.describing(local)
                        return Item(file, try await opened.adoptAndSettle(local.source, at: path, details))
                    }
                    outcomes.replace(file.name, .success(item))
                }
            } catch {
                outcomes.replace(file.name, .failure(error))
                if error.meetsEveryItem { throw error }
            }
        }
        return false
    }
}

// MARK: - Many at once

extension PublishOperation {
    /// Files that take their steps together are at most so large: what is in memory is bounded.
    private static let largestTogether = 128 << 10
    /// Fewer are not worth it.
    private static let fewestTogether = 8

    /// How many small files had best take their steps together; 1 where each is published by itself.
    private func groupSize(in opened: OpenFeed) async -> Int {
        if options.isDryRun { return 1 }
        return (try? await opened.storage.capability((any BatchedCreation).self))??.batchSize ?? 1
    }

    /// Publishes those of a group that are small and new, each step for all of them.
    /// - Returns: the others, and those that something stands in the way of: to be published one by one.
    private func adopt(
        together group: [FileToPublish], in opened: OpenFeed, noting outcomes: BatchOutcomes, _ counter: WorkCounter
    ) async throws(StoreError) -> [FileToPublish] {
        let new = try await small(group, in: opened)
        let adopted = await opened.adopt(together: new.map(\.package))
        var done: Set<Int> = []
        for (file, unsettled) in zip(new, adopted) {
            guard let unsettled else { continue }
            let item = Item(group[file.index], unsettled.published)
            outcomes.add(group[file.index], unsettled)
            outcomes.add(group[file.index].name, .success(item))
            counter.add(items: 1, bytes: item.size)
            done.insert(file.index)
        }
        return group.indices.filter { !done.contains($0) }.map { group[$0] }
    }

    /// Those of a group that have no record and are small, with their content.
    private func small(
        _ group: [FileToPublish], in opened: OpenFeed
    ) async throws(StoreError) -> [(index: Int, package: SmallPackage)] {
        let paths = group.enumerated().compactMap { index, file in (try? path(of: file)).map { (index, $0) } }
        let records = await opened.storage.readRecords(paths.map(\.1.key))
        let absent = zip(paths, records).compactMap { path, record in
            if case .success(nil) = record { path } else { nil }
        }
        let files = try await LocalFile.wholes(
            absent.map { (group[$0.0].place, group[$0.0].followsLink) }, upTo: Self.largestTogether)
        return zip(absent, files).compactMap { path, file in
            file.map {
                (
                    path.0,
                    SmallPackage(
                        path: path.1, bytes: $0.content, details: options.details.describing($0.file))
                )
            }
        }
    }
}

/// What became of the files of a batch, which is reported only once the feed was seen to be current.
final class BatchOutcomes: Sendable {
    typealias Outcome = (name: LocalName, result: Result<PublishOperation.Item, StoreError>)

    private struct State {
        var outcomes: [Outcome] = []
        var unsettled: [(file: FileToPublish, publication: UnsettledPublication)] = []
    }

    private let state = Mutex(State())

    func add(_ name: LocalName, _ result: Result<PublishOperation.Item, StoreError>) {
        state.withLock { $0.outcomes.append((name, result)) }
    }

    /// Adds a publication that is settled with the others at the end of the batch.
    func add(_ file: FileToPublish, _ publication: UnsettledPublication) {
        state.withLock { $0.unsettled.append((file, publication)) }
    }

    /// Says what became of a file after all.
    func replace(_ name: LocalName, _ result: Result<PublishOperation.Item, StoreError>) {
        state.withLock { state in
            guard let index = state.outcomes.firstIndex(where: { $0.name == name }) else { return }
            state.outcomes[index].result = result
        }
    }

    var unsettled: [(file: FileToPublish, publication: UnsettledPublication)] { state.withLock { $0.unsettled } }

    var all: [Outcome] { state.withLock { $0.outcomes } }

    var failures: [Outcome] {
        all.filter { if case .failure = $0.result { true } else { false } }
    }
}

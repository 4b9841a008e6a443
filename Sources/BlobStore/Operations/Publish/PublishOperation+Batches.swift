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

/// What all batches of an import share.
struct BatchBounds: Sendable {
    /// Fewer are not worth it.
    private static let fewestTogether = 8

    /// How many small files take their steps together; 1 where each is published by itself.
    let groupSize: Int
    /// So many batches are under way at once. Where each file is published by itself one batch goes on while the
    /// slowest files of others end; groups of files wait for the disk together, and one batch is enough of them.
    let batches: Int
    /// So many files are worked on at once, in all batches together.
    let jobs: Int
    private let places: AsyncSemaphore
    /// What is there already is looked up for one batch after the other, so that no two list the same.
    let lookups = AsyncSemaphore(places: 1)
    let budget = ByteBudget(48 << 20)
    let known = KnownPackages()

    /// - Parameters:
    ///   - wanted: how many files are to be worked on at once; nil for as many as suit the root.
    ///   - storage: of the feed's root.
    ///   - best: how many files had best take their steps together there.
    init(jobs wanted: Int?, for storage: Capabilities, groupSize best: Int) {
        // To a bucket files mostly wait for answers, and how many requests are under way is bounded there. Each file of
        // a group has as many files open as one that is published by itself.
        jobs = ProcessLimits.fitting(wanted ?? (best > 1 ? 2 * best : storage.atomicMove ? 64 : 256))
        // One group works while another one waits for the disk.
        groupSize = min(best, jobs / 2) < Self.fewestTogether ? 1 : min(best, jobs / 2)
        batches = groupSize > 1 ? 1 : 4
        places = AsyncSemaphore(places: groupSize > 1 ? .max : jobs)
    }

    /// Works on a file that is published by itself, once there is room.
    func pass(_ work: () async throws(StoreError) -> Void) async throws(StoreError) { try await places.pass(work) }
}

extension PublishOperation {
    /// Publishes all files in batches.
    func publishInBatches(_ files: FilesToPublish, _ tally: PublishTally) async throws(StoreError) {
        let size = Mutex(BatchSize())
        let nextBatch = { () async throws(StoreError) -> [FileToPublish]? in
            let batch = try await files.next(size.withLock(\.count))
            return batch.isEmpty ? nil : batch
        }
        // Of no files nothing is asked.
        var first = try await nextBatch()
        if first == nil { return }
        let opened = try await feed.open()
        let bounds = BatchBounds(
            jobs: options.jobs, for: opened.storage.capabilities, groupSize: await groupSize(in: opened))
        try await concurrently(bounds.batches) { () async throws(StoreError) in
            if let batch = first.take() { return batch }
            return try await nextBatch()
        } _: { (batch) async throws(StoreError) in
            let began = ContinuousClock.now
            try await adopt(batch, within: bounds, tally)
            size.withLock { $0.learn(from: ContinuousClock.now - began) }
        }
        await bounds.known.end()
    }

    /// Publishes a batch, again from the start where the feed changes meanwhile, and reports it.
    private func adopt(
        _ batch: [FileToPublish], within bounds: BatchBounds, _ tally: PublishTally
    ) async throws(StoreError) {
        var earlier: BatchOutcomes?
        let all = try await feed.untilCurrent("meanwhile", isForWriting: !options.isDryRun) {
            (opened) async throws(StoreError) -> Round<[BatchOutcomes.Outcome]>? in
            if let earlier { tally.takeBack(earlier.all) }
            let outcomes = BatchOutcomes()
            earlier = outcomes
            do throws(StoreError) {
                try await adopt(batch, bounds, in: opened, noting: outcomes, tally.counter)
                let isCurrent = try await settle(outcomes, bounds, in: opened)
                for publication in outcomes.unsettled.map(\.publication) {
                    if let written = publication.recorded.written { await bounds.known.add(written, in: opened) }
                }
                return Round(value: outcomes.all, isKnownToBeCurrent: isCurrent)
            } catch {
                // Of the rest nothing may be reported where the feed may have moved, or content was taken away.
                // What was done before a cancellation is told, too, where that can be found out soon.
                let isSettled = try? await uncancelled(within: .milliseconds(800)) {
                    await opened.isUndisturbedAndCurrent()
                }
                tally.add(isSettled == true ? outcomes.all : outcomes.failures)
                throw error
            }
        }
        tally.add(all)
    }

    private func adopt(
        _ batch: [FileToPublish], _ bounds: BatchBounds, in opened: OpenFeed, noting outcomes: BatchOutcomes,
        _ counter: WorkCounter
    ) async throws(StoreError) {
        let present = try await bounds.lookups.pass { () async throws(StoreError) in
            await lookUp(batch, bounds.known, in: opened)
        }
        let alone = { @Sendable (file: FileToPublish) async throws(StoreError) in
            try await adopt(alone: file, present, bounds, in: opened, noting: outcomes, counter)
        }
        let (jobs, size) = (bounds.jobs, bounds.groupSize)
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

    private func lookUp(_ batch: [FileToPublish], _ known: KnownPackages, in opened: OpenFeed) async -> Present {
        let paths = batch.compactMap { try? path(of: $0) }
        // Where that fails each is asked for.
        let recorded = options.isDryRun ? nil : (try? await opened.recorded(among: paths)) ?? nil
        let earlier = recorded.map { Array($0.values) } ?? []
        return Present(
            recorded: recorded, known: earlier.isEmpty ? .none : (try? await known.batch(earlier, in: opened)) ?? .none)
    }

    /// What a listing and the index tell of a batch.
    private struct Present: Sendable {
        /// Which paths have a record; nil where no listing was made.
        let recorded: [Key: ListedRecord]?
        let known: KnownPackages.Batch
    }

    /// - Throws: what meets every file; the failure of this one alone is noted.
    private func adopt(
        alone file: FileToPublish, _ present: Present, _ bounds: BatchBounds, in opened: OpenFeed,
        noting outcomes: BatchOutcomes, _ counter: WorkCounter
    ) async throws(StoreError) {
        let count = ItemCount(counter)
        do throws(StoreError) {
            try await bounds.pass { () async throws(StoreError) in
                let item = try await adopt(file, present, in: opened, within: bounds.budget, noting: outcomes) {
                    count.pass($0)
                }
                count.finish(item.size)
                outcomes.add(file.name, .success(item))
            }
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
    private func settle(
        _ outcomes: BatchOutcomes, _ bounds: BatchBounds, in opened: OpenFeed
    ) async throws(StoreError) -> Bool {
        let unsettled = outcomes.unsettled
        if options.isDryRun || unsettled.isEmpty { return false }
        if await opened.isUndisturbedAndCurrent() { return true }
        try await concurrently(bounds.jobs, unsettled) { (file, publication) async throws(StoreError) in
            do throws(StoreError) {
                do throws(StoreError) {
                    try await opened.settle(publication.recorded, of: publication.summary, from: nil)
                } catch  where error.code == .notFound {
                    try await bounds.pass { () async throws(StoreError) in
                        let item = try await read(file, within: bounds.budget) {
                            (local, path) async throws(StoreError) in
                            let details = options.details.describing(local)
                            return Item(file, try await opened.adoptAndSettle(local.source, at: path, details))
                        }
                        outcomes.replace(file.name, .success(item))
                    }
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

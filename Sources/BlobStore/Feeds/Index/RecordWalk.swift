internal import Synchronization

/// A record of which a listing tells.
struct ListedRecord: Sendable {
    let key: Key
    /// As the listing told it, where it did.
    let info: ObjectInfo?
}

/// Reads the records that a listing shows: from the index what is unchanged, and from the storage the rest.
///
/// Where listings do not tell what stands in a record, as on a filesystem, all are read.
final class RecordWalk: Sendable {
    /// What may be done beside reading.
    enum Purpose: Sendable {
        /// Nothing: the index is believed where somebody saw before that listings show each write at once.
        case reading
        /// That is measured, with writes, before the index is believed.
        case work
        /// The same, and what the index lacks is added at the end of a walk through all records.
        case upkeep
        /// The same, but each record is read, so that damage is found.
        case truth

        fileprivate var measures: Bool { self != .reading }
        fileprivate var notes: Bool { self == .upkeep || self == .truth }
    }

    /// Fewer records are read without looking for an index.
    private static let leastRecords = 16

    /// A page of a listing, with its place among the others.
    struct Page: Sendable {
        let number: Int
        let records: [ListedRecord]
    }

    /// Nil inside where there is no index to be used.
    private struct State {
        var pages = 0
        var records = 0
        var index: Index?
        var early: [(notes: [IndexNotes.Note], page: Int)] = []
    }

    /// What was found.
    private struct Index: Sendable {
        /// Nil where there is none to be believed.
        var reader: IndexReader?
        var notes: IndexNotes?
    }

    private let storage: any Storage
    private let purpose: Purpose
    private let state = Mutex(State())
    private let semaphore = AsyncSemaphore(places: 1)

    init(_ storage: any Storage, for purpose: Purpose) {
        self.storage = storage
        self.purpose = purpose
    }

    /// Gives a page its number: called in the order of the listing.
    func page(_ records: [ListedRecord]) -> Page {
        state.withLock { state in
            defer { state.pages += 1 }
            return Page(number: state.pages, records: records)
        }
    }

    /// Reads a page of records.
    /// - Returns: one result for each, in the same order. What comes from the index has a version that none has, so
    ///   that a write that expects it is refused.
    func read(_ page: Page) async -> [Result<Record?, StoreError>] {
        let index = await index(page.records.count)
        let known = await index?.reader?.find(page.records) ?? [:]
        let asked = purpose == .truth ? page.records : page.records.filter { known[$0.key] == nil }
        var answers = (asked.isEmpty ? [] : await storage.readRecords(asked.map(\.key))).makeIterator()
        var notes: [IndexNotes.Note] = []
        let results = page.records.map { listed -> Result<Record?, StoreError> in
            let copy = known[listed.key]
            if let copy, purpose != .truth {
                notes.append(IndexNotes.Note(entry: IndexEntry(key: listed.key, bytes: copy), isNew: false))
                return .success(Record(bytes: copy, version: .indexed))
            }
            let result = answers.next() ?? .failure(StoreError(.failed, "a key was left without an answer"))
            if purpose.notes, case .success(let record?) = result, record.flaw == nil {
                let entry = IndexEntry(key: listed.key, bytes: record.bytes)
                // Before the index is open nothing is known to be new.
                if entry.isListed(listed.info) {
                    notes.append(IndexNotes.Note(entry: entry, isNew: index != nil && copy != record.bytes))
                }
            }
            return result
        }
        if purpose.notes { await note(notes, page.number) }
        return results
    }

    /// Those records that come from the index; none is read.
    func known(_ records: [ListedRecord]) async -> [Key: Record] {
        let known = await index(records.count)?.reader?.find(records) ?? [:]
        return known.mapValues { Record(bytes: $0, version: .indexed) }
    }

    /// About how many records the index holds, once it was opened.
    var indexed: Int { state.withLock { $0.index?.reader?.count ?? 0 } }

    /// Adds to the index what it lacks, after a walk that came to its end.
    func end() async {
        let notes = state.withLock { $0.index?.notes }
        await notes?.end()
    }

    private func note(_ notes: [IndexNotes.Note], _ page: Int) async {
        let (index, early) = state.withLock { state -> (IndexNotes?, [(notes: [IndexNotes.Note], page: Int)]) in
            guard let index = state.index else {
                state.early.append((notes, page))
                return (nil, [])
            }
            defer { state.early = [] }
            return (index.notes, state.early + [(notes, page)])
        }
        for (notes, page) in early { await index?.add(notes, page: page) }
    }

    /// The index, opened once it is worth it.
    private func index(_ count: Int) async -> Index? {
        let isWorth = state.withLock { state in
            state.records += count
            return state.records >= Self.leastRecords
        }
        guard isWorth else { return nil }
        return try? await semaphore.pass { () async throws(StoreError) -> Index in
            if let opened = state.withLock({ $0.index }) { return opened }
            let index = await open()
            state.withLock { $0.index = index }
            return index
        }
    }

    private func open() async -> Index {
        guard await storage.mayListRecordsAtOnce() else { return Index() }
        let found = await FoundIndex.read(storage)
        let reader = IndexReader(found.pieces, in: storage)
        let notes = purpose.notes ? IndexNotes(found, reader, in: storage) : nil
        if found.pieces.isEmpty { return Index(reader: nil, notes: notes) }
        guard await storage.listsRecordsAtOnce(measuring: purpose.measures) else { return Index() }
        return Index(reader: reader, notes: notes)
    }
}

extension Record.Version {
    /// Of a record that was not read but found in the index; no storage gives it out.
    static var indexed: Self { Self(token: "indexed") }
}

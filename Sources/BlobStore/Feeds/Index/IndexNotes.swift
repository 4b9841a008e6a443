internal import Synchronization

/// What a walk through all records of a feed has found, piece by piece, for the index: pieces in which little has
/// changed stay, and the others are written anew.
///
/// *Cost*: memory for two pieces, and for pages that were read before an earlier one was.
final class IndexNotes: Sendable {
    /// Of pages that wait for an earlier one; beyond it nothing is noted.
    private static let maximumWaitingBytes = 16 << 20
    /// A piece stays where at most one in so many of its records had to be read.
    fileprivate static let stalenessTolerated = 50

    /// A record, and whether the index lacked it.
    struct Note: Sendable {
        let entry: IndexEntry
        let isNew: Bool
    }

    fileprivate struct State {
        var waiting: [Int: [Note]] = [:]
        var waitingBytes = 0
        var nextPage = 0
        /// The former piece whose range the walk is in; nil before the first.
        var range: Int?
        var total = 0
        var new = 0
        var isRewritten = false
        var run = IndexRun()
        var pieces: [RecordIndex.Piece] = []
        var records = 0
        var isGivenUp = false
    }

    private let storage: any Storage
    private let former: FoundIndex
    private let formerPieces: [RecordIndex.Piece]
    private let reader: IndexReader
    private let state = Mutex(State())

    init(_ former: FoundIndex, _ reader: IndexReader, in storage: any Storage) {
        self.former = former
        self.reader = reader
        self.storage = storage
        formerPieces = former.pieces
        if case .closed = former { state.withLock { $0.isGivenUp = true } }
    }

    /// Adds what was found on a page; pages may come in any order.
    func add(_ notes: [Note], page: Int) async {
        let runs = state.withLock { state -> [[IndexEntry]] in
            if state.isGivenUp { return [] }
            state.waiting[page] = notes
            state.waitingBytes += notes.reduce(0) { $0 + $1.entry.bytes.count }
            var runs: [[IndexEntry]] = []
            while let notes = state.waiting.removeValue(forKey: state.nextPage) {
                state.nextPage += 1
                state.waitingBytes -= notes.reduce(0) { $0 + $1.entry.bytes.count }
                for note in notes { runs += state.add(note, after: formerPieces) }
            }
            if state.waitingBytes > Self.maximumWaitingBytes { state.giveUp() }
            return runs
        }
        for run in runs { await write(run) }
    }

    /// Writes what is not written yet, after the walk has come to its end.
    ///
    /// Where that is not possible, for whatever reason, there is no index, or the former one.
    func end() async {
        let last = state.withLock { state in
            if state.records < RecordIndex.leastRecords { state.giveUp() }
            return state.close(formerPieces, isLast: true)
        }
        for run in last { await write(run) }
        let (pieces, isGivenUp) = state.withLock { (RecordIndex($0.pieces).pieces, $0.isGivenUp) }
        if isGivenUp || pieces == formerPieces || pieces.count > RecordIndex.maximumPieces { return }
        try? await former.replace(with: pieces, in: storage)
    }

    private func write(_ entries: [IndexEntry]) async {
        for run in entries.pieces {
            if state.withLock({ $0.isGivenUp }) { return }
            let written: RecordIndex.Piece?
            do throws(StoreError) {
                guard await storage.listsRecordsAtOnce(measuring: true) else {
                    return state.withLock { $0.giveUp() }
                }
                written = try await IndexPiece.write(run, to: storage, anew: reader.isUnusable)
            } catch {
                return state.withLock { $0.giveUp() }
            }
            if let written { state.withLock { $0.pieces.append(written) } }
        }
    }
}

extension IndexNotes.State {
    fileprivate mutating func giveUp() { self = IndexNotes.State(isGivenUp: true) }

    /// - Returns: runs of entries to be written as pieces.
    fileprivate mutating func add(_ note: IndexNotes.Note, after former: [RecordIndex.Piece]) -> [[IndexEntry]] {
        var runs: [[IndexEntry]] = []
        let text = note.entry.key.text.utf8
        while case let next = (range ?? -1) + 1, next < former.count,
            !text.lexicographicallyPrecedes(former[next].first.utf8)
        {
            runs += close(former)
            range = next
        }
        records += 1
        total += 1
        if note.isNew { new += 1 }
        if run.isFull(for: note.entry) { runs.append(overflow()) }
        run.append(note.entry)
        return runs
    }

    /// The range outgrows a piece: it is written anew, in halves where there was one before, so that both have room.
    private mutating func overflow() -> [IndexEntry] {
        isRewritten = true
        return range == nil ? run.take() : run.take(max(run.entries.count / 2, 1))
    }

    /// Ends a range. What is little and is not kept goes on into the next one.
    fileprivate mutating func close(_ former: [RecordIndex.Piece], isLast: Bool = false) -> [[IndexEntry]] {
        let isStale = isRewritten || new > total / IndexNotes.stalenessTolerated
        let count = run.entries.count
        if let range, !isStale, count > 0, total >= former[range].records / 2 {
            pieces.append(former[range])
            run = IndexRun()
        } else if !isLast, count > 0, count < IndexPiece.maximumRecords / 4 {
            isRewritten = true
            return []
        }
        (total, new, isRewritten) = (0, 0, false)
        return run.entries.isEmpty ? [] : [run.take()]
    }
}

internal import FoundationEssentials

/// Something that all who take part in a probe do at once, and that shows what a place promises.
protocol Workload: Sendable {
    /// What one of them saw.
    associatedtype Note: Codable & Sendable

    var name: String { get }

    /// What it measures, for where it could not.
    var guarantees: [String] { get }

    /// Does one participant's part.
    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note

    /// What everybody's notes come to.
    func judge(_ notes: [Note]) -> [Guarantee]
}

/// What a participant brings back from a workload, as JSON under `notes/<workload>/<participant>`.
private struct Paper<Note: Codable & Sendable>: Codable, Sendable {
    var note: Note?
    /// Why there is none.
    var failure: String?
    /// Whether that was another's doing.
    var isOthers = false
}

extension Workload {
    /// Takes part, and leaves a note, or why there is none.
    func run(_ barrier: Barrier) async throws(StoreError) {
        var paper = Paper<Note>()
        var barrier = barrier
        barrier.subject = name
        do throws(StoreError) { paper.note = try await takePart(barrier) } catch {
            if error.code == .cancelled { throw error }
            paper.failure = error.description
            paper.isOthers = error.circumstance == .othersGaveUp
            if !paper.isOthers { try await barrier.giveUp() }
        }
        let key = try folder.appending(barrier.me)
        guard let bytes = try? JSONEncoder().encode(paper) else {
            throw StoreError(.failed, "the note of \(name) cannot be written as JSON")
        }
        _ = try await barrier.storage.writeObject(key, ObjectSource(Array(bytes)))
    }

    /// What was measured, by the notes of all.
    func verdict(_ storage: any Storage, _ participants: [String]) async throws(StoreError) -> [Guarantee] {
        var papers: [Paper<Note>] = []
        for participant in participants { papers.append(try await paper(of: participant, in: storage)) }
        let notes = papers.compactMap(\.note)
        if notes.count == papers.count { return judge(notes) }
        let why = (papers.filter { !$0.isOthers } + papers).compactMap(\.failure).first ?? "a participant left no note"
        return guarantees.map { Guarantee($0, holds: nil, "could not be measured: \(why)") }
    }

    /// What each participant saw; nil where it could not take part.
    func notes(of participants: [String], in storage: any Storage) async throws(StoreError) -> [Note?] {
        var notes: [Note?] = []
        for participant in participants { notes.append(try await paper(of: participant, in: storage).note) }
        return notes
    }

    private func paper(of participant: String, in storage: any Storage) async throws(StoreError) -> Paper<Note> {
        let key = try folder.appending(participant)
        let bytes = try await storage.readObject(key, range: nil) { (content) async throws(StoreError) in
            try await content.chunks.flattened()
        }
        do { return try JSONDecoder().decode(Paper<Note>.self, from: Data(bytes)) } catch {
            throw StoreError(.corrupt, "the note \(key) was read back garbled: \(flawOfJSON(error, bytes))")
        }
    }

    private var folder: KeyPrefix {
        get throws(StoreError) { try KeyPrefix("notes/\(name)/") }
    }
}

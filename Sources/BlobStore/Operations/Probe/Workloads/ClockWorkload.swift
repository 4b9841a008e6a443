/// Ages, which a collector of garbage decides by, are told by the storage's own clock, alike to all.
struct ClockWorkload: Workload {
    /// In seconds.
    struct Note: Codable, Sendable {
        var atFirst: Double
        var later: Double
        var refreshed: Double
        /// Between the first look and the later one.
        var passed: Double
    }

    /// What clocks that count whole seconds, and a busy machine, may be off.
    private static let tolerance = 3.0
    private static let pause = Duration.milliseconds(3_500)
    let name = "clock"
    let guarantees = ["storage-clock"]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        let storage = barrier.storage
        let key = try Key("clock/one")
        let participants = try await barrier.meet("begin")
        let isFirst = participants.first == barrier.me
        if isFirst { _ = try await storage.writeObject(key, ObjectSource([1])) }
        try await barrier.meet("written")
        let clock = ContinuousClock()
        let start = clock.now
        let atFirst = try await age(key, storage)
        do { try await Task.sleep(for: Self.pause) } catch {
            throw StoreError(.cancelled, "cancelled while waiting for an object to age")
        }
        let later = try await age(key, storage)
        let passed = (clock.now - start).inSeconds
        try await barrier.meet("aged")
        if isFirst { _ = try await storage.refreshObject(key, size: 1) }
        try await barrier.meet("refreshed")
        return Note(atFirst: atFirst, later: later, refreshed: try await age(key, storage), passed: passed)
    }

    private func age(_ key: Key, _ storage: any Storage) async throws(StoreError) -> Double {
        guard let info = try await storage.statObject(key) else {
            throw StoreError(.failed, "what was just written is not there")
        }
        return info.age.inSeconds
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        let first = notes.map(\.atFirst).max() ?? 0
        let drift = notes.map { abs($0.later - $0.atFirst - $0.passed) }.max() ?? 0
        let refreshed = notes.map(\.refreshed).max() ?? 0
        let detail: String
        if first > Self.tolerance {
            detail =
                "what was just written is reported to be \(oneDecimal(first)) s old, so ages do not come from one clock"
        } else if drift > Self.tolerance {
            detail =
                "in \(oneDecimal(notes.first?.passed ?? 0)) s an age moved by \(oneDecimal(drift)) s too much "
                + "or too little"
        } else if refreshed > Self.tolerance {
            detail = "what was just refreshed is reported to be \(oneDecimal(refreshed)) s old"
        } else {
            detail = "\(notes.count) processes see the same age, which grows and starts again with a refresh"
        }
        return [Guarantee("storage-clock", holds: max(first, drift, refreshed) <= Self.tolerance, detail)]
    }
}

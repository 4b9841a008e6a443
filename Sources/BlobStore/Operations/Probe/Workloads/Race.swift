/// Rounds in which all try the same, and one may win.
struct Race: Codable, Sendable {
    static let rounds = 100

    let by: String
    /// By round: whether this one was told that it had won.
    private(set) var won: [Bool] = []
    /// By round: whether it was told that nobody knows.
    private(set) var isUnknown: [Bool] = []
    /// By round: whose it was after all had tried, as this one saw it.
    var seen: [String?] = []

    init(by participant: String) {
        by = participant
    }

    /// Tries each round once.
    /// - Parameter attempt: throws the error of the storage where it did not win.
    mutating func run(
        losingWith lost: StoreError.Code, _ attempt: (Int) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        for round in 0..<Self.rounds {
            var (hasWon, isUnsettled) = (false, false)
            do throws(StoreError) {
                try await attempt(round)
                hasWon = true
            } catch  where error.code == lost {
            } catch  where error.code == .outcomeUnknown {
                isUnsettled = true
            }
            won.append(hasWon)
            isUnknown.append(isUnsettled)
            // Who wins is ahead of the others: they catch up, so that they meet again and again.
            if hasWon { try? await Task.sleep(for: .microseconds(Int.random(in: 0...1_000))) }
        }
    }

    /// Sees, after all have tried, whose each round is.
    mutating func look(_ owner: (Int) async throws(StoreError) -> String?) async throws(StoreError) {
        for round in 0..<Self.rounds { seen.append(try await owner(round)) }
    }

    /// What all saw of it together.
    /// - Parameters:
    ///   - deed: what they raced for, e.g. `to create the same record`.
    ///   - harm: what it means where several believe to have won.
    static func judge(_ notes: [Race], name: String, deed: String, harm: String) -> Guarantee {
        var (doubled, unwon, mistaken) = (0, 0, 0)
        for round in 0..<rounds {
            let winners = notes.filter { $0.won[round] }.map(\.by)
            let unknown = notes.filter { $0.isUnknown[round] }.map(\.by)
            if winners.count > 1 { doubled += 1 }
            if winners.isEmpty && unknown.isEmpty { unwon += 1 }
            let seen = Set(notes.map { $0.seen[round] })
            let candidates = winners.isEmpty ? unknown : winners
            if seen.count != 1 || !candidates.contains(where: { seen.contains($0) }) { mistaken += 1 }
        }
        let races = "\(rounds) races of \(notes.count) processes \(deed)"
        let detail =
            if doubled > 0 {
                "\(doubled) of \(races) had several winners, \(harm)"
            } else if unwon > 0 {
                "\(unwon) of \(races) had no winner"
            } else if mistaken > 0 {
                "after \(mistaken) of \(races) the result was not the winner's"
            } else {
                "\(races): one winner in each, and all saw its result"
            }
        return Guarantee(name, holds: doubled + unwon + mistaken == 0, detail)
    }
}

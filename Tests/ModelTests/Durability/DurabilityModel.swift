/// Two processes publish the same package; the power fails at some moment, and what was not flushed is gone.
///
/// The question is what the second one must flush of what it finds there already.
struct DurabilityModel {
    /// Whether who finds a name there flushes its folder all the same.
    let flushesWhatItFinds: Bool

    enum Name: UInt8 { case absent, visible, durable }

    enum Step: UInt8 {
        case blob, flushBlob, record, flushRecord, report, done

        var next: Step { Step(rawValue: rawValue + 1) ?? .done }
    }

    struct State: Hashable {
        var blob = Name.absent
        var record = Name.absent
        var steps = [Step.blob, .blob]
        var hasPower = true
    }

    func search() -> Finding {
        searchEveryState(from: State(), moves: addMoves, flaw: flaw, describe: describe)
    }

    private func addMoves(_ state: State, _ moves: inout [Move<State>]) {
        guard state.hasPower else { return }
        var dark = state
        dark.hasPower = false
        if dark.blob == .visible { dark.blob = .absent }
        if dark.record == .visible { dark.record = .absent }
        moves.append(Move(state: dark, process: -1, label: "cuts the power"))
        for process in 0..<2 where state.steps[process] != .done {
            moves.append(move(state, process))
        }
    }

    private func move(_ state: State, _ process: Int) -> Move<State> {
        var next = state
        let step = state.steps[process]
        next.steps[process] = step.next
        switch step {
        case .blob:
            return put(\.blob, next, process)
        case .flushBlob:
            next.blob = .durable
            return Move(state: next, process: process, label: "flushes the blob's folder")
        case .record:
            return put(\.record, next, process)
        case .flushRecord:
            next.record = .durable
            return Move(state: next, process: process, label: "flushes the record's folder")
        case .report, .done:
            return Move(state: next, process: process, label: "reports the package as published")
        }
    }

    private func put(_ name: WritableKeyPath<State, Name>, _ state: State, _ process: Int) -> Move<State> {
        var next = state
        if next[keyPath: name] == .absent {
            next[keyPath: name] = .visible
            return Move(state: next, process: process, label: "links a name")
        }
        if !flushesWhatItFinds { next.steps[process] = next.steps[process].next }
        return Move(state: next, process: process, label: "finds the name there")
    }

    private func flaw(_ state: State) -> String? {
        if state.hasPower { return nil }
        if state.record != .absent && state.blob == .absent { return "a record without its blob survived" }
        let isReported = state.steps.contains(.done)
        return isReported && state.record == .absent ? "a package that was reported as published is lost" : nil
    }

    private func describe(_ state: State) -> String { "blob \(state.blob), record \(state.record)" }
}

/// One step that a model can take.
struct Move<State: Hashable> {
    let state: State
    /// Who moves, and what it does.
    let process: Int
    let label: StaticString
}

/// What a search through all states found.
enum Finding {
    case sound(states: Int)
    /// The shortest way to a state that must not be, and what is wrong there.
    case counterexample(flaw: String, steps: [String])
    /// More states than were allowed.
    case unfinished(states: Int)

    var isSound: Bool { if case .sound = self { true } else { false } }
}

extension Finding: CustomStringConvertible {
    var description: String {
        switch self {
        case .sound(let states): "sound in all \(states) states"
        case .unfinished(let states): "unfinished after \(states) states"
        case .counterexample(let flaw, let steps):
            "\(flaw)\n" + steps.enumerated().map { "  \($0.offset + 1). \($0.element)" }.joined(separator: "\n")
        }
    }
}

/// Visits every state that any interleaving of the processes leads to. A process that stops for ever at some step is
/// among them: it is one whose next step never comes.
/// - Parameters:
///   - moves: adds the steps that are possible in a state.
///   - flaw: what is wrong with a state; nil when nothing is.
func searchEveryState<State: Hashable>(
    from initial: State, atMost limit: Int = 1_500_000,
    moves: (State, inout [Move<State>]) -> Void, flaw: (State) -> String?, describe: (State) -> String
) -> Finding {
    var states = [initial]
    var cameFrom: [(parent: Int32, process: Int32, label: StaticString)] = [(-1, -1, "start")]
    var seen: Set<State> = [initial]
    var next = 0
    var possible: [Move<State>] = []
    while next < states.count {
        if let flaw = flaw(states[next]) {
            return .counterexample(flaw: flaw, steps: path(to: next, states, cameFrom, describe))
        }
        possible.removeAll(keepingCapacity: true)
        moves(states[next], &possible)
        for move in possible where seen.insert(move.state).inserted {
            states.append(move.state)
            cameFrom.append((Int32(next), Int32(move.process), move.label))
        }
        if states.count > limit { return .unfinished(states: states.count) }
        next += 1
    }
    return .sound(states: states.count)
}

private func path<State>(
    to last: Int, _ states: [State], _ cameFrom: [(parent: Int32, process: Int32, label: StaticString)],
    _ describe: (State) -> String
) -> [String] {
    var steps: [String] = []
    var index = last
    while cameFrom[index].parent >= 0 {
        let step = cameFrom[index]
        steps.append("process \(step.process) \(step.label): \(describe(states[index]))")
        index = Int(step.parent)
    }
    return steps.reversed()
}

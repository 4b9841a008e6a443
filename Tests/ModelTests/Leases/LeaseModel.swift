/// A lease among nodes that may be paused, may die, and may be restarted, whose clocks run at rates of their own.
///
/// Clocks are compared by nobody. Each node's timers are counted in ticks of its own clock, up to where they end; each
/// is at most ``drift`` ticks ahead of the slowest, so that over any time two come apart by twice that.
struct LeaseModel: RuledModel {
    enum Rule: CaseIterable {
        /// A holder believes until the time before it sent its last successful renewal, plus the length.
        case countsFromSending
        /// An observer's timer starts with the reply that first showed it the version.
        case watchesFromTheReply
        /// It waits longer than the length, by what clocks may come apart.
        case allowsForDrift
        /// Taking over replaces the version that was watched.
        case swaps
        /// A restarted node waits like any other.
        case waitsAfterRestart
    }

    var nodes = 2
    var length: UInt8 = 3
    var drift: Int8 = 1
    var without: Rule?

    struct Node: Hashable {
        enum Step: UInt8 { case out, reading, seen, watching, sent, carriedOut, failed }
        var step = Step.out
        /// Whether what it last saw or wrote is still the record's version.
        var knowsVersion = false
        /// Since it sent what it waits for.
        var sinceSent: UInt8 = 0
        /// Since the observer's timer started.
        var watched: UInt8 = 0
        /// What is left of its belief; 0: it does not believe.
        var belief: UInt8 = 0
    }

    struct State: Hashable {
        /// Nil when nobody ever held it.
        var holder: Int8 = -1
        var nodes: [Node]
        /// How far each node's clock is ahead of the one that is furthest behind.
        var ahead: [Int8]

        mutating func write(_ index: Int) {
            holder = Int8(index)
            for other in nodes.indices { nodes[other].knowsVersion = other == index }
        }
    }

    private var wait: UInt8 { without == .allowsForDrift ? length : length + 2 * UInt8(drift) }

    func search() -> Finding {
        let start = State(nodes: Array(repeating: Node(), count: nodes), ahead: Array(repeating: 0, count: nodes))
        return searchEveryState(from: start, moves: addMoves, flaw: flaw, describe: describe)
    }

    private func flaw(_ state: State) -> String? {
        state.nodes.count { $0.belief > 0 } > 1 ? "two nodes believe that they hold the lease" : nil
    }

    private func describe(_ state: State) -> String {
        "holder \(state.holder), " + state.nodes.map { "\($0.step) belief \($0.belief)" }.joined(separator: ", ")
    }

    private func addMoves(_ state: State, _ moves: inout [Move<State>]) {
        for index in state.nodes.indices {
            tick(state, index, &moves)
            step(state, index, &moves)
            restart(state, index, &moves)
        }
    }
}

extension LeaseModel {
    /// One node's clock goes on, as far as it may be ahead of the others.
    private func tick(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        next.ahead[index] += 1
        if let behind = next.ahead.min(), behind > 0 { next.ahead = next.ahead.map { $0 - behind } }
        guard next.ahead[index] <= drift else { return }
        next.nodes[index].sinceSent = min(state.nodes[index].sinceSent + 1, length)
        next.nodes[index].watched = min(state.nodes[index].watched + 1, wait)
        next.nodes[index].belief = state.nodes[index].belief == 0 ? 0 : state.nodes[index].belief - 1
        moves.append(Move(state: next, process: index, label: "has its clock go on"))
    }

    private func step(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.nodes[index]
        func add(_ step: Node.Step, _ label: StaticString) {
            me.step = step
            next.nodes[index] = me
            moves.append(Move(state: next, process: index, label: label))
        }
        switch me.step {
        case .out:
            me.watched = 0
            add(.reading, "sends a reading")
            // A holder renews while it believes, and needs no reading.
            if me.belief > 0 {
                me.sinceSent = 0
                add(.sent, "sends a renewal")
            }
        case .reading:
            me.knowsVersion = true
            add(.seen, "has its reading carried out")
        case .seen:
            if without != .watchesFromTheReply { me.watched = 0 }
            add(.watching, "gets the reply")
        case .watching where state.holder < 0 || me.watched >= wait:
            me.sinceSent = 0
            add(.sent, "has waited long enough, and sends its claim")
        case .sent:
            if me.knowsVersion || without == .swaps {
                next.write(index)
                me.knowsVersion = true
                add(.carriedOut, "has its claim carried out")
            } else {
                add(.failed, "has its claim refused")
            }
        case .carriedOut:
            me.belief = without == .countsFromSending ? length : length - me.sinceSent
            add(.out, "gets the reply, and believes")
        case .failed:
            me.belief = 0
            add(.out, "gets the refusal")
        case .watching: break
        }
    }

    /// A process dies, and its node starts anew, knowing nothing but its name.
    private func restart(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        next.nodes[index] = Node()
        if without == .waitsAfterRestart && state.holder == Int8(index) {
            next.nodes[index].belief = length
            next.nodes[index].knowsVersion = true
        }
        if next != state { moves.append(Move(state: next, process: index, label: "is restarted")) }
    }
}

/// Collecting on S3 with a gate, by which a publisher, or a whole batch, settles in one read of the feed's record: one
/// blob, its marker, the gate, publishers, collectors, and repairers, who take a damaged blob away.
///
/// A publisher reads the gate before it looks at the blob, and again after its record is written. If the gate was idle
/// both times and is the same, it reports; else it settles with the marker, as in ``MarkerModel``. Whoever takes a blob
/// away swaps the gate to active before it looks whether the blob is wanted.
///
/// Of the versions of gate and marker it is known only who holds the current one. Time is what ages.
struct GateModel: RuledModel {
    enum Rule: CaseIterable {
        /// A publisher reads the gate before it looks at the blob.
        case readsTheGateFirst
        /// A publisher compares the gate's version with the one it saw first.
        case comparesVersions
        /// The gate is opened before the records are listed.
        case opensBeforeListing
        /// Who finds the gate active settles every marker before it swaps the gate to idle.
        case settlesWhatItTakesOver
        /// The gate becomes idle only when no removal of its opener can still take effect.
        case staysActiveWhileRemoving
        /// The server refuses a DELETE that was signed longer than F ago.
        case refusesOldDeletes
        /// A repairer opens the gate before it looks whether the blob is damaged.
        case repairersOpen
        /// A repairer who finds the gate active swaps it, too, so that nobody makes it idle meanwhile.
        case repairersTakeOver
    }

    /// What a publisher has in hand, and whether it writes without looking.
    enum Kind { case bytes, blind, nothing }

    let kinds: [Kind]
    let collectors: Int
    var repairers = 0
    var startsDamaged = false
    var without: Rule?

    static let fence: UInt8 = 1

    enum Blob: UInt8 { case absent, good, damaged }

    struct Publisher: Hashable {
        enum Step: UInt8 {
            case readGate, look, write, record, readGateAgain
            case readMarker, spare, lookAgain, undo, done, refused
        }
        var step = Step.readGate
        var holdsMarker = false
        /// Whether the gate was idle when it was read first, and whether it is unchanged since.
        var sawIdle = false
        var holdsGate = false
        /// Whether it wrote the content, or found it whole.
        var sawGood = false
    }

    /// A collector or a repairer.
    struct Taker: Hashable {
        enum Step: UInt8 {
            case start, takeOver, settleMarkers, settle, closeTaken
            case choose, readMarker, condemn, open, look, spare, markDeleting, delete, lost, clear, close, done
        }
        var step = Step.start
        var holdsMarker = false
        var holdsGate = false
        var signatureAge: UInt8 = 0
        /// Of a repairer: whether it found the gate active, and leaves it so.
        var leavesItActive = false
    }

    struct State: Hashable {
        var blob: Blob
        var records: UInt8 = 0
        var marker = MarkerModel.Marker()
        var isActive = false
        var publishers: [Publisher]
        var takers: [Taker]

        mutating func swapMarker(to phase: MarkerModel.Marker.Phase, by taker: Int? = nil) {
            marker = MarkerModel.Marker(phase: phase)
            for index in publishers.indices { publishers[index].holdsMarker = false }
            for index in takers.indices { takers[index].holdsMarker = index == taker }
        }

        mutating func swapGate(toActive: Bool, by taker: Int) {
            isActive = toActive
            for index in publishers.indices { publishers[index].holdsGate = false }
            for index in takers.indices { takers[index].holdsGate = index == taker }
        }

        mutating func grow() {
            let last = GateModel.fence + 1
            if marker.phase == .deleting { marker.age = min(marker.age + 1, last) }
            for index in takers.indices where takers[index].step == .delete || takers[index].step == .lost {
                takers[index].signatureAge = min(takers[index].signatureAge + 1, last)
            }
        }
    }

    func search() -> Finding {
        let start = State(
            blob: startsDamaged ? .damaged : .good, publishers: kinds.map { _ in Publisher() },
            takers: Array(repeating: Taker(), count: collectors + repairers))
        return searchEveryState(from: start, atMost: 6_000_000, moves: addMoves, flaw: flaw, describe: describe)
    }

    private func flaw(_ state: State) -> String? {
        if state.blob != .absent { return nil }
        for (index, publisher) in state.publishers.enumerated() where publisher.step == .done && publisher.sawGood {
            if state.records & 1 << UInt8(index) != 0 { return "the content of a reported package is gone" }
        }
        return nil
    }

    private func describe(_ state: State) -> String {
        "\(state.blob), \(state.marker.phase) of age \(state.marker.age), gate \(state.isActive ? "active" : "idle"), "
            + "records \(state.records)"
    }

    private func addMoves(_ state: State, _ moves: inout [Move<State>]) {
        var later = state
        later.grow()
        if later != state { moves.append(Move(state: later, process: -1, label: "time passes")) }
        for index in state.publishers.indices { publish(state, index, &moves) }
        for index in state.takers.indices {
            if index < collectors { collect(state, index, &moves) } else { repair(state, index, &moves) }
        }
    }
}

extension GateModel {
    private func publish(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Publisher.Step, _ label: StaticString) {
            next.publishers[index].step = step
            moves.append(Move(state: next, process: index, label: label))
        }
        let me = state.publishers[index]
        switch me.step {
        case .readGate:
            next.publishers[index].sawIdle = !state.isActive
            next.publishers[index].holdsGate = !state.isActive
            add(.look, "reads the gate")
        case .look where kinds[index] == .blind: add(.write, "does not look")
        case .look:
            if state.blob != .absent {
                next.publishers[index].sawGood = state.blob == .good
                add(.record, "sees the blob")
            } else if kinds[index] == .bytes {
                add(.write, "sees no blob")
            } else {
                add(.refused, "sees no blob, and gives up")
            }
        case .write:
            next.blob = .good
            next.publishers[index].sawGood = true
            add(.record, "writes the blob")
        case .record:
            next.records |= 1 << UInt8(index)
            add(.readGateAgain, "writes the record")
        case .readGateAgain: add(isSettled(me, state) ? .done : .readMarker, "reads the gate again")
        case .readMarker, .spare, .lookAgain, .undo: settle(state, index, &moves)
        case .done, .refused: break
        }
    }

    private func isSettled(_ me: Publisher, _ state: State) -> Bool {
        if state.isActive { return false }
        switch without {
        case .readsTheGateFirst: return true
        case .comparesVersions: return me.sawIdle
        default: return me.holdsGate
        }
    }

    private func settle(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Publisher.Step, _ label: StaticString) {
            next.publishers[index].step = step
            moves.append(Move(state: next, process: index, label: label))
        }
        switch state.publishers[index].step {
        case .readMarker:
            next.publishers[index].holdsMarker = true
            switch state.marker.phase {
            case .none: add(.lookAgain, "reads that nothing is condemned")
            case .condemned: add(.spare, "reads that it is condemned")
            case .deleting where state.marker.age > Self.fence: add(.spare, "reads that it is being deleted")
            case .deleting: break
            }
        case .spare where state.publishers[index].holdsMarker:
            next.swapMarker(to: .none)
            add(.lookAgain, "spares it")
        case .spare: add(.readMarker, "loses the swap")
        case .lookAgain:
            if state.blob != .absent { return add(.done, "sees the blob again, and reports") }
            if kinds[index] == .nothing { return add(.undo, "sees no blob any more") }
            next.blob = .good
            next.publishers[index].sawGood = true
            add(.readMarker, "writes the blob again")
        case .undo:
            next.records &= ~(1 << UInt8(index))
            add(.refused, "takes the record back")
        default: break
        }
    }
}

extension GateModel {
    private func collect(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Taker.Step, _ label: StaticString) {
            next.takers[index].step = step
            moves.append(Move(state: next, process: 10 + index, label: label))
        }
        switch state.takers[index].step {
        case .start:
            next.takers[index].holdsGate = true
            add(state.isActive ? .takeOver : .choose, "reads the gate")
        case .choose where state.blob != .absent && state.records == 0:
            add(.readMarker, "lists no record that names it")
        case .readMarker:
            next.takers[index].holdsMarker = true
            switch state.marker.phase {
            case .none: add(.condemn, "reads that nothing is condemned")
            case .condemned: add(openStep(state), "adopts a condemned blob")
            case .deleting where state.marker.age > Self.fence: add(.condemn, "takes an old deletion over")
            case .deleting: add(.done, "leaves another's deletion")
            }
        case .condemn where state.takers[index].holdsMarker:
            next.swapMarker(to: .condemned, by: index)
            add(openStep(state), "condemns it")
        case .condemn: add(.done, "loses the swap")
        case .open where state.takers[index].holdsGate:
            next.swapGate(toActive: true, by: index)
            add(without == .opensBeforeListing ? .markDeleting : .look, "opens the gate")
        case .open: add(.done, "loses the gate")
        case .look where state.records == 0:
            add(without == .opensBeforeListing ? .open : .markDeleting, "lists no record that names it")
        case .look: add(.spare, "lists a record that names it")
        case .takeOver, .settleMarkers, .settle, .closeTaken: takeOver(state, index, &moves)
        default: remove(state, index, &moves)
        }
    }

    private func openStep(_ state: State) -> Taker.Step { without == .opensBeforeListing ? .look : .open }

    private func takeOver(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Taker.Step, _ label: StaticString) {
            next.takers[index].step = step
            moves.append(Move(state: next, process: 10 + index, label: label))
        }
        let me = state.takers[index]
        switch me.step {
        case .takeOver where me.holdsGate:
            next.swapGate(toActive: true, by: index)
            add(without == .settlesWhatItTakesOver ? .closeTaken : .settleMarkers, "takes the gate over")
        case .takeOver where !me.holdsGate, .closeTaken where !me.holdsGate: add(.done, "loses the gate")
        case .settleMarkers:
            next.takers[index].holdsMarker = true
            switch state.marker.phase {
            case .none: add(.closeTaken, "finds no marker to settle")
            case .condemned: add(.settle, "finds it condemned")
            case .deleting where state.marker.age > Self.fence: add(.settle, "finds an old deletion")
            case .deleting: break
            }
        case .settle:
            if me.holdsMarker { next.swapMarker(to: .none) }
            add(.settleMarkers, "settles the marker")
        case .closeTaken:
            next.swapGate(toActive: false, by: index)
            add(.choose, "makes the gate idle")
        default: break
        }
    }

    /// A repairer's way: it condemns whatever the gate is, opens it, and looks whether the blob is damaged.
    private func repair(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Taker.Step, _ label: StaticString) {
            next.takers[index].step = step
            moves.append(Move(state: next, process: 20 + index, label: label))
        }
        let me = state.takers[index]
        switch me.step {
        case .start:
            next.takers[index].holdsMarker = true
            switch state.marker.phase {
            case .none: add(.condemn, "reads that nothing is condemned")
            case .condemned: add(.choose, "adopts a condemned blob")
            case .deleting where state.marker.age > Self.fence: add(.condemn, "takes an old deletion over")
            case .deleting: break
            }
        case .condemn:
            if me.holdsMarker { next.swapMarker(to: .condemned, by: index) }
            add(me.holdsMarker ? .choose : .start, "condemns it")
        case .choose:
            next.takers[index].holdsGate = true
            next.takers[index].leavesItActive = state.isActive
            let passes = without == .repairersOpen || (without == .repairersTakeOver && state.isActive)
            add(passes ? .look : .open, "reads the gate")
        case .open where me.holdsGate:
            next.swapGate(toActive: true, by: index)
            add(.look, "opens the gate")
        case .open: add(.choose, "loses the gate")
        case .look: add(state.blob == .damaged ? .markDeleting : .spare, "looks at the blob")
        default: remove(state, index, &moves)
        }
    }

    /// The end of the work on a blob.
    private func remove(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Taker.Step, _ label: StaticString) {
            next.takers[index].step = step
            moves.append(Move(state: next, process: 10 + index, label: label))
        }
        let me = state.takers[index]
        let isTooOld = me.signatureAge > Self.fence && without != .refusesOldDeletes
        switch me.step {
        case .spare:
            if me.holdsMarker { next.swapMarker(to: .none) }
            add(.close, "lets it go")
        case .markDeleting where me.holdsMarker:
            next.swapMarker(to: .deleting, by: index)
            next.takers[index].signatureAge = 0
            add(.delete, "marks it as being deleted, and signs the DELETE")
        case .markDeleting: add(.close, "loses the swap")
        case .delete:
            add(.lost, "gets no answer")
            if isTooOld { return add(.done, "has its DELETE refused, as too old") }
            next.blob = .absent
            add(.clear, "has its DELETE carried out")
        case .lost:
            if without == .staysActiveWhileRemoving && me.holdsGate && state.isActive {
                next.swapGate(toActive: false, by: index)
                next.takers[index].holdsGate = false
                add(.lost, "makes the gate idle")
                next = state
            }
            if isTooOld { return add(.done, "has its DELETE refused, as too old") }
            next.blob = .absent
            add(.done, "has its DELETE carried out late")
        case .clear:
            if me.holdsMarker { next.swapMarker(to: .none) }
            add(.close, "clears the marker")
        case .close:
            if me.holdsGate && state.isActive && !me.leavesItActive { next.swapGate(toActive: false, by: index) }
            add(.done, "makes the gate idle")
        default: break
        }
    }
}

/// Collecting on a filesystem: one blob, publishers of the same content at paths of their own, collectors that move
/// the blob to a name of their own in `retired/`, settlers, who are any process, each with one retired copy, and
/// repairers, who believe the blob to be damaged and move it to `quarantine/`.
///
/// A step is one call that changes something, or one look, as the code makes them; whoever is at a step may stay there
/// for ever. There is no clock in it: the rules lose nothing however short the grace period is.
///
/// Of the gate it is known only which publishers saw it as it is: whoever frees a retired copy swaps it first, so a
/// publisher that finds it unchanged was there before that settler listed the records.
struct RetirementModel: RuledModel {
    enum Rule: CaseIterable {
        /// A settler lists the records, beginning after the move.
        case listsAfterTheMove
        /// What is named goes back before the retired copy goes.
        case linksBack
        /// Each collector moves to a name of its own.
        case hasUniqueNames
        /// A move is one rename. Without it: a link to the new name, and then the old one is taken away.
        case movesInOneStep
        /// Who moved something aside as damaged looks at what was moved, and gives back what is good.
        case looksAtWhatWasMoved
        /// A publisher looks at the blob again once the record names it, unless the gate is what it was.
        case looksAgain
        /// A settler swaps the gate between its look at the retired copy and its listing of the records.
        case swapsTheGate
        /// Who has no bytes to write takes its record back when there is nothing to bring back.
        case undoes
    }

    /// What a publisher has in hand.
    enum Kind { case bytes, nothing }

    let kinds: [Kind]
    let collectors: Int
    let settlers: Int
    var repairers = 0
    var without: Rule?

    struct Publisher: Hashable {
        enum Step: UInt8 {
            case look, write, record, readGateAgain, lookAgain, searchRetired, bringBack, undo, done, refused
        }
        var step = Step.look
        var copy: Int8 = -1
        /// Whether the gate is as it was before the blob was seen in its place.
        var holdsGate = false
    }

    enum Collector: UInt8 { case list, move, takeAway, done }

    /// Beside its step stands what it has in quarantine: it was healed, and is good.
    enum Repairer: UInt8 { case move, look, linkBack, removeSpare, done, kept }

    struct Settler: Hashable {
        enum Step: UInt8 { case choose, swapGate, list, linkBack, unlink, done }
        var step = Step.choose
        var copy: Int8 = -1
    }

    struct State: Hashable {
        var isInPlace = true
        /// One bit for each name in `retired/`.
        var retired: UInt8 = 0
        /// One bit for each publisher's record.
        var records: UInt8 = 0
        var publishers: [Publisher]
        var collectors: [Collector]
        var settlers: [Settler]
        var repairers: [Repairer]

        /// Whether somebody who is not done has the content in hand in quarantine.
        var isInHand: Bool { repairers.contains { $0 == .look || $0 == .linkBack || $0 == .removeSpare } }
    }

    func search() -> Finding {
        let start = State(
            publishers: kinds.map { _ in Publisher() }, collectors: Array(repeating: .list, count: collectors),
            settlers: Array(repeating: Settler(), count: settlers),
            repairers: Array(repeating: .move, count: repairers))
        return searchEveryState(from: start, moves: addMoves, flaw: flaw, describe: describe)
    }

    private func flaw(_ state: State) -> String? {
        guard !state.isInPlace && state.retired == 0 && !state.isInHand else { return nil }
        for (index, publisher) in state.publishers.enumerated() where publisher.step == .done {
            if state.records & 1 << UInt8(index) != 0 { return "the content of a reported package is gone" }
        }
        return nil
    }

    private func describe(_ state: State) -> String {
        "\(state.isInPlace ? "in place" : "absent"), retired \(state.retired), records \(state.records)"
    }

    private func addMoves(_ state: State, _ moves: inout [Move<State>]) {
        for index in state.publishers.indices { publish(state, index, &moves) }
        for index in state.collectors.indices { collect(state, index, &moves) }
        for index in state.settlers.indices { settle(state, index, &moves) }
        for index in state.repairers.indices { repair(state, index, &moves) }
    }
}

extension RetirementModel {
    private func publish(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Publisher.Step, _ label: StaticString) {
            next.publishers[index].step = step
            moves.append(Move(state: next, process: index, label: label))
        }
        switch state.publishers[index].step {
        case .look:
            // Reading the gate just before it is part of this step: where it changes between the two, the publisher
            // looks again in any case.
            next.publishers[index].holdsGate = true
            if state.isInPlace {
                add(.record, "sees the blob")
            } else if kinds[index] == .bytes {
                add(.write, "sees no blob")
            }
            // A restorer writes its record first, and then looks.
            else {
                next.publishers[index].holdsGate = false
                add(.record, "sees no blob")
            }
        case .write:
            next.isInPlace = true
            add(.record, "writes the blob")
        case .record:
            next.records |= 1 << UInt8(index)
            add(without == .looksAgain ? .done : .readGateAgain, "writes the record")
        case .readGateAgain:
            add(state.publishers[index].holdsGate ? .done : .lookAgain, "reads the gate again")
        case .lookAgain:
            if state.isInPlace { return add(.done, "sees the blob again, and reports") }
            if kinds[index] == .nothing { return add(.searchRetired, "sees no blob any more") }
            next.isInPlace = true
            add(.lookAgain, "writes the blob again")
        case .searchRetired, .bringBack, .undo: restore(state, index, &moves)
        case .done, .refused: break
        }
    }

    /// The end of a publisher who has no bytes.
    private func restore(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Publisher.Step, _ label: StaticString) {
            next.publishers[index].step = step
            moves.append(Move(state: next, process: index, label: label))
        }
        switch state.publishers[index].step {
        case .searchRetired:
            for copy in 0..<Int8(8) where state.retired & 1 << UInt8(copy) != 0 {
                next.publishers[index].copy = copy
                add(.bringBack, "finds a retired copy")
            }
            if state.retired == 0 {
                let last: Publisher.Step = without == .undoes ? .done : .undo
                add(state.isInPlace ? .done : last, "finds nothing retired, and looks in its place")
            }
        case .bringBack:
            let isThere = state.retired & 1 << UInt8(state.publishers[index].copy) != 0
            next.publishers[index].copy = -1
            if isThere { next.isInPlace = true }
            add(.lookAgain, "links it back if it is there")
        case .undo:
            next.records &= ~(1 << UInt8(index))
            add(.refused, "takes the record back")
        default: break
        }
    }

    private func collect(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        let process = 10 + index
        switch state.collectors[index] {
        case .list where state.records == 0:
            next.collectors[index] = .move
            moves.append(Move(state: next, process: process, label: "lists no record that names it"))
        case .move:
            let name: UInt8 = without == .hasUniqueNames ? 1 : 1 << UInt8(index)
            next.collectors[index] = .done
            if state.isInPlace && state.retired & name == 0 {
                next.isInPlace = without == .movesInOneStep
                if next.isInPlace { next.collectors[index] = .takeAway }
                next.retired |= name
            }
            moves.append(Move(state: next, process: process, label: "retires the blob if it is there"))
        case .takeAway:
            next.collectors[index] = .done
            next.isInPlace = false
            moves.append(Move(state: next, process: process, label: "takes the old name away"))
        case .list, .done: break
        }
    }

    private func settle(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Settler.Step, _ label: StaticString) {
            next.settlers[index].step = step
            moves.append(Move(state: next, process: 20 + index, label: label))
        }
        let copy = state.settlers[index].copy
        switch state.settlers[index].step {
        case .choose:
            for copy in 0..<Int8(8) where state.retired & 1 << UInt8(copy) != 0 {
                next.settlers[index].copy = copy
                let step: Settler.Step = without == .swapsTheGate ? .list : .swapGate
                add(without == .listsAfterTheMove ? .unlink : step, "finds a retired copy")
            }
        case .swapGate:
            for publisher in state.publishers.indices { next.publishers[publisher].holdsGate = false }
            add(.list, "swaps the gate")
        case .list:
            if state.records == 0 {
                add(.unlink, "lists no record that names it")
            } else {
                add(without == .linksBack ? .unlink : .linkBack, "lists a record that names it")
            }
        case .linkBack:
            if state.retired & 1 << UInt8(copy) != 0 { next.isInPlace = true }
            add(.unlink, "links it back")
        case .unlink:
            next.retired &= ~(1 << UInt8(copy))
            add(.done, "unlinks the retired copy")
        case .done: break
        }
    }

    private func repair(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Repairer, _ label: StaticString) {
            next.repairers[index] = step
            moves.append(Move(state: next, process: 30 + index, label: label))
        }
        switch state.repairers[index] {
        case .move where state.isInPlace:
            next.isInPlace = false
            add(without == .looksAtWhatWasMoved ? .done : .look, "moves the blob to quarantine")
        case .look: add(.linkBack, "sees that what it moved is good")
        case .linkBack:
            next.isInPlace = true
            add(state.isInPlace ? .kept : .removeSpare, "links it back unless another is there")
        case .removeSpare: add(.done, "takes the name in quarantine away")
        case .move, .done, .kept: break
        }
    }
}

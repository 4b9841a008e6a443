/// Collecting on S3: one blob, its marker, publishers of the same content, and any number of collectors, each of whom
/// also takes over what a dead one left.
///
/// Time is what ages: of the marker and of a signed DELETE, in units of F. So there is no end of time in it.
/// Of versions it is known only who holds the current one.
struct MarkerModel: RuledModel {
    enum Rule: CaseIterable {
        /// The server refuses a DELETE that was signed longer than F ago.
        case refusesOldDeletes
        /// A DELETE is signed once: who finds it too old goes back to the marker.
        case signsOnce
        /// A collector lists the records again after it condemned the blob.
        case listsAgain
        /// A condemned marker becomes a deleting one only while the collector holds its version.
        case holdsTheVersion
        /// A publisher looks at the marker, and spares what is condemned.
        case readsTheMarker
        /// A publisher lets a deleting marker grow older than F before it swaps it.
        case waits
        /// A publisher looks at the blob after the marker.
        case looksAgain
        /// Who has no bytes to write takes its record back when the blob is gone.
        case undoes
    }

    /// What a publisher has in hand.
    enum Kind { case bytes, nothing }

    let kinds: [Kind]
    let collectors: Int
    var without: Rule?

    /// The fence: what is older has `age == F + 1`, where ages end.
    private static let fence: UInt8 = 1

    struct Marker: Hashable {
        enum Phase: UInt8 { case none, condemned, deleting }
        var phase = Phase.none
        var age: UInt8 = 0
    }

    struct Publisher: Hashable {
        enum Step: UInt8 { case look, write, record, readMarker, spare, lookAgain, undo, done, refused }
        var step = Step.look
        var holdsVersion = false
    }

    struct Collector: Hashable {
        enum Step: UInt8 { case choose, readMarker, condemn, list, markDeleting, delete, clear, done }
        var step = Step.choose
        var holdsVersion = false
        var signatureAge: UInt8 = 0
    }

    struct State: Hashable {
        var hasBlob = true
        var records: UInt8 = 0
        var marker = Marker()
        var publishers: [Publisher]
        var collectors: [Collector]

        /// A swap of the marker: every version that was held is of the past.
        mutating func swap(to phase: Marker.Phase) {
            marker = Marker(phase: phase)
            for index in publishers.indices { publishers[index].holdsVersion = false }
            for index in collectors.indices { collectors[index].holdsVersion = false }
        }

        mutating func grow() {
            let last = MarkerModel.fence + 1
            if marker.phase == .deleting { marker.age = min(marker.age + 1, last) }
            for index in collectors.indices where collectors[index].step == .delete {
                collectors[index].signatureAge = min(collectors[index].signatureAge + 1, last)
            }
        }
    }

    func search() -> Finding {
        let start = State(
            publishers: kinds.map { _ in Publisher() }, collectors: Array(repeating: Collector(), count: collectors))
        return searchEveryState(from: start, moves: addMoves, flaw: flaw, describe: describe)
    }

    private func flaw(_ state: State) -> String? {
        if state.hasBlob { return nil }
        for (index, publisher) in state.publishers.enumerated() where publisher.step == .done {
            if state.records & 1 << UInt8(index) != 0 { return "the content of a reported package is gone" }
        }
        return nil
    }

    private func describe(_ state: State) -> String {
        "\(state.hasBlob ? "present" : "absent"), \(state.marker.phase) of age \(state.marker.age), "
            + "records \(state.records)"
    }

    private func addMoves(_ state: State, _ moves: inout [Move<State>]) {
        var later = state
        later.grow()
        if later != state { moves.append(Move(state: later, process: -1, label: "time passes")) }
        for index in state.publishers.indices { publish(state, index, &moves) }
        for index in state.collectors.indices { collect(state, index, &moves) }
    }
}

extension MarkerModel {
    private func publish(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Publisher.Step, _ label: StaticString) {
            next.publishers[index].step = step
            moves.append(Move(state: next, process: index, label: label))
        }
        switch state.publishers[index].step {
        case .look:
            if state.hasBlob {
                add(.record, "sees the blob")
            } else if kinds[index] == .bytes {
                add(.write, "sees no blob")
            } else {
                add(.refused, "sees no blob, and gives up")
            }
        case .write:
            next.hasBlob = true
            add(.record, "writes the blob")
        case .record:
            next.records |= 1 << UInt8(index)
            add(without == .readsTheMarker ? .lookAgain : .readMarker, "writes the record")
        case .readMarker:
            next.publishers[index].holdsVersion = true
            switch state.marker.phase {
            case .none: add(without == .looksAgain ? .done : .lookAgain, "reads that nothing is condemned")
            case .condemned: add(.spare, "reads that it is condemned")
            case .deleting where state.marker.age > Self.fence || without == .waits:
                add(.spare, "reads that it is being deleted")
            case .deleting: break
            }
        case .spare:
            if state.publishers[index].holdsVersion {
                next.swap(to: .none)
                add(without == .looksAgain ? .done : .lookAgain, "spares it")
            } else {
                add(.readMarker, "loses the swap")
            }
        case .lookAgain:
            if state.hasBlob { return add(.done, "sees the blob again, and reports") }
            if kinds[index] == .nothing { return add(without == .undoes ? .done : .undo, "sees no blob any more") }
            next.hasBlob = true
            add(without == .readsTheMarker ? .lookAgain : .readMarker, "writes the blob again")
        case .undo:
            next.records &= ~(1 << UInt8(index))
            add(.refused, "takes the record back")
        case .done, .refused: break
        }
    }

    private func collect(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Collector.Step, _ label: StaticString) {
            next.collectors[index].step = step
            moves.append(Move(state: next, process: 10 + index, label: label))
        }
        switch state.collectors[index].step {
        case .choose where state.hasBlob && state.records == 0: add(.readMarker, "lists no record that names it")
        // What a dead collector left is looked after whatever is listed.
        case .choose where state.marker.phase != .none: add(.readMarker, "finds a marker")
        case .readMarker:
            next.collectors[index].holdsVersion = true
            switch state.marker.phase {
            case .none: add(.condemn, "reads that nothing is condemned")
            case .condemned: add(.list, "takes a condemned blob over")
            case .deleting where state.marker.age > Self.fence: add(.condemn, "takes an old deletion over")
            case .deleting: break
            }
        case .condemn:
            if state.collectors[index].holdsVersion {
                next.swap(to: .condemned)
                next.collectors[index].holdsVersion = true
                add(without == .listsAgain ? .markDeleting : .list, "condemns it")
            } else {
                add(.done, "loses the swap")
            }
        case .list: add(state.records == 0 ? .markDeleting : .done, "lists the records again")
        case .markDeleting, .delete, .clear: remove(state, index, &moves)
        case .choose, .done: break
        }
    }

    /// The end of a collector's work on a blob.
    private func remove(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        func add(_ step: Collector.Step, _ label: StaticString) {
            next.collectors[index].step = step
            moves.append(Move(state: next, process: 10 + index, label: label))
        }
        let collector = state.collectors[index]
        switch collector.step {
        case .markDeleting:
            if collector.holdsVersion || without == .holdsTheVersion {
                next.swap(to: .deleting)
                next.collectors[index].holdsVersion = true
                next.collectors[index].signatureAge = 0
                add(.delete, "marks it as being deleted, and signs the DELETE")
            } else {
                add(.done, "loses the swap")
            }
        case .delete:
            if collector.signatureAge <= Self.fence || without == .refusesOldDeletes {
                next.hasBlob = false
                add(.clear, "has its DELETE carried out")
            } else if without == .signsOnce {
                next.collectors[index].signatureAge = 0
                add(.delete, "signs the DELETE again")
            } else {
                add(.done, "has its DELETE refused, as too old")
            }
        case .clear:
            if collector.holdsVersion { next.swap(to: .none) }
            add(.done, "clears the marker")
        default: break
        }
    }
}

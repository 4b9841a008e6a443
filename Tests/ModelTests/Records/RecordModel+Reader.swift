extension RecordModel {
    mutating func addReaderMoves(_ state: RecordState, _ process: Int, _ moves: inout [Move<RecordState>]) {
        var next = state
        let at = state[process]
        switch at.step {
        case .begin, .look:
            if at.step == .begin { begin(&next, process) }
            if !has(.listingIsOneMoment) {
                next[process].position = 6
                next[process].chosen = 1
                next[process].step = .scan
                return moves.append(Move(state: next, process: process, label: "begins to list"))
            }
            // Where the folder holds no generation, the plain file is the record. If that could be pruned, a reader
            // would have to look for it again like for any other.
            next[process].chosen = has(.firstGenerationStays) ? max(state.highest, 1) : state.highest
            next[process].step = .open
            moves.append(Move(state: next, process: process, label: "lists"))
        case .scan:
            // One name at a time, the highest first: an order like any other for a folder.
            if state.value(in: at.position) != 0 { next[process].chosen = max(at.chosen, at.position) }
            next[process].position = at.position - 1
            if at.position == 2 { next[process].step = .open }
            moves.append(Move(state: next, process: process, label: "lists a part"))
        default:
            let value = state.value(in: max(at.chosen, 1))
            if value == 0 && at.chosen > (has(.firstGenerationStays) ? 1 : 0) && has(.readersLookAgain) {
                next[process].step = .look
                return moves.append(Move(state: next, process: process, label: "finds its file gone"))
            }
            end(&next, process, .read, reading: value)
            next[process].knownGeneration = value == 0 ? 0 : max(at.chosen, 1)
            next[process].knownValue = value
            moves.append(Move(state: next, process: process, label: value == 0 ? "reads nothing" : "reads"))
        }
    }
}

extension RecordModel {
    mutating func addWriterMoves(
        _ state: RecordState, _ process: Int, _ value: UInt8, _ moves: inout [Move<RecordState>]
    ) {
        let at = state[process]
        let target = at.knownGeneration + 1
        switch at.step {
        case .begin: moves.append(beginning(state, process, value, target))
        case .look: moves.append(look(state, process, value, target))
        case .link, .linkAgain: addLinks(state, process, value, target, &moves)
        case .checkAgain: moves.append(checkAgain(state, process, value, target))
        case .open, .prune, .scan: break
        }
    }

    /// To create generation 1 is one exclusive link. For a later one comes a proposal, then the look.
    private mutating func beginning(_ state: RecordState, _ process: Int, _ value: UInt8, _ target: Int) -> Move<
        RecordState
    > {
        var next = state
        begin(&next, process, expecting: state[process].knownValue)
        let looksFirst = !has(.lookAfterProposing) || !has(.writersPropose)
        if target == 1 {
            next[process].step = .link
            return Move(state: next, process: process, label: "prepares a file to create the record")
        }
        if looksFirst && !isCurrent(state, process) {
            end(&next, process, .lost)
            return Move(state: next, process: process, label: "looks first, and has lost")
        }
        if has(.writersPropose) && !looksFirst { next.propose(value, for: target) }
        let looksNext = looksFirst ? has(.writersPropose) : has(.lookBeforeLinking) && has(.nothingIsTakenBack)
        next[process].step = looksNext ? .look : .link
        return Move(state: next, process: process, label: looksFirst ? "looks first" : "proposes")
    }

    private mutating func look(_ state: RecordState, _ process: Int, _ value: UInt8, _ target: Int) -> Move<RecordState>
    {
        var next = state
        if !has(.lookAfterProposing) {
            next.propose(value, for: target)
            next[process].step = .link
            return Move(state: next, process: process, label: "proposes after its look")
        }
        if isCurrent(state, process) {
            next[process].step = .link
            return Move(state: next, process: process, label: "finds what it expected")
        }
        next.withdraw(value)
        end(&next, process, .lost)
        return Move(state: next, process: process, label: "finds another generation, and has lost")
    }

    private func isCurrent(_ state: RecordState, _ process: Int) -> Bool {
        let at = state[process]
        return state.highest == at.knownGeneration && state.value(in: state.highest) == at.knownValue
    }

    private mutating func addLinks(
        _ state: RecordState, _ process: Int, _ value: UInt8, _ target: Int, _ moves: inout [Move<RecordState>]
    ) {
        let isAgain = state[process].step == .linkAgain
        var next = state
        let there = state.value(in: target)
        if target > 1 && has(.writersPropose) && state.proposal(of: value) == 0 {
            end(&next, process, isAgain && has(.lostReplyIsUnknown) ? .unknown : .lost)
            moves.append(Move(state: next, process: process, label: "finds its proposal gone"))
        } else if there == value && has(.ownFileMeansWon) {
            win(&next, process, value, target)
            moves.append(Move(state: next, process: process, label: "finds its own file there, and has won"))
        } else if there != 0 {
            next.withdraw(value)
            end(&next, process, .lost)
            moves.append(Move(state: next, process: process, label: "finds the name taken, and has lost"))
        } else {
            next.link(value, as: target)
            if scenario.losesReplies && !isAgain {
                var silent = next
                silent[process].step = .linkAgain
                moves.append(Move(state: silent, process: process, label: "links, and the reply is lost"))
            }
            // Without the rule a writer links at once, and knows afterwards, infallibly, whether it should have.
            let isRight = has(.nothingIsTakenBack) || isCurrent(state, process)
            if has(.wonOnceLinked) && isRight {
                win(&next, process, value, target)
            } else {
                next[process].step = .checkAgain
            }
            moves.append(Move(state: next, process: process, label: "links"))
        }
    }

    private mutating func win(_ state: inout RecordState, _ process: Int, _ value: UInt8, _ target: Int) {
        state.withdraw(value)
        end(&state, process, .won)
        state[process].knownGeneration = target
        state[process].knownValue = value
    }

    /// Not a step of the protocol: what a writer does that trusts a look after the link rather than the link.
    private mutating func checkAgain(_ state: RecordState, _ process: Int, _ value: UInt8, _ target: Int) -> Move<
        RecordState
    > {
        var next = state
        if has(.nothingIsTakenBack) && state.highest == target {
            win(&next, process, value, target)
            return Move(state: next, process: process, label: "checks again, and has won")
        }
        if !has(.nothingIsTakenBack) { next.unlink(target) }
        next.withdraw(value)
        end(&next, process, .lost)
        let label: StaticString =
            has(.nothingIsTakenBack) ? "checks again, and believes to have lost" : "takes its file away"
        return Move(state: next, process: process, label: label)
    }
}

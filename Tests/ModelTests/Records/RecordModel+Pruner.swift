extension RecordModel {
    mutating func addPrunerMoves(_ state: RecordState, _ process: Int, _ moves: inout [Move<RecordState>]) {
        let at = state[process]
        if at.step == .begin {
            if let next = listing(state, process) {
                moves.append(Move(state: next, process: process, label: "lists what to prune"))
            }
            return
        }
        // Either list is gone through in any order, but one list before the other.
        let proposalsFirst = has(.proposalsGoFirst) ? at.doomedProposals != 0 : at.doomedGenerations == 0
        for bit in 0..<8 where (proposalsFirst ? at.doomedProposals : at.doomedGenerations) >> bit & 1 == 1 {
            var next = state
            if proposalsFirst {
                next.withdraw(UInt8(bit))
                next[process].doomedProposals &= ~(1 << bit)
            } else {
                next.unlink(bit)
                next[process].doomedGenerations &= ~(1 << bit)
            }
            if next[process].doomedProposals == 0 && next[process].doomedGenerations == 0 { next[process].finish() }
            moves.append(
                Move(state: next, process: process, label: proposalsFirst ? "prunes a proposal" : "prunes a generation")
            )
        }
    }

    /// What one look into the folder condemns; nil while there is nothing to prune.
    private func listing(_ state: RecordState, _ process: Int) -> RecordState? {
        let lowest = has(.firstGenerationStays) ? 2 : 1
        let end = has(.highestGenerationStays) ? state.highest : state.highest + 1
        guard lowest < end else { return nil }
        var generations = 0
        for generation in lowest..<end where state.value(in: generation) != 0 { generations |= 1 << generation }
        guard generations != 0 else { return nil }
        let highestDoomed = Int.bitWidth - 1 - generations.leadingZeroBitCount
        var proposals = 0
        for value in 2..<7 {
            let target = state.proposal(of: UInt8(value))
            if target != 0 && target <= highestDoomed { proposals |= 1 << value }
        }
        var next = state
        next[process].doomedGenerations = generations
        next[process].doomedProposals = proposals
        next[process].step = .prune
        return next
    }
}

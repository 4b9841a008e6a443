/// Records on a filesystem, step by step: each step is one system call, and anything may happen between two.
///
/// Generation 1 is the plain file; higher ones stand in the record's folder, among the proposals for them.
struct RecordModel {
    let scenario: RecordScenario
    /// The rule that is taken out; nil for the protocol as it is.
    let without: Rule?
    private var histories: RecordHistories
    private let operationNumbers: [[Int]]

    init(_ scenario: RecordScenario, without: Rule? = nil) {
        self.scenario = scenario
        self.without = without
        var written: [UInt8] = []
        operationNumbers = scenario.programs.map { program in
            program.map { operation in
                switch operation {
                case .read: written.append(0)
                case .write(let value): written.append(value)
                case .prune: return -1
                }
                return written.count - 1
            }
        }
        histories = RecordHistories(written: written, initial: scenario.existsAtFirst ? 1 : 0)
    }

    /// Visits all states.
    mutating func search() -> Finding {
        var model = self
        var initial = RecordState()
        if scenario.existsAtFirst {
            initial.link(1, as: 1)
            for process in scenario.programs.indices {
                initial[process].knownGeneration = 1
                initial[process].knownValue = 1
            }
        }
        // Taken in turn by the three closures, which the search never calls within each other.
        return withUnsafeMutablePointer(to: &model) { model in
            searchEveryState(
                from: initial,
                moves: { model.pointee.addMoves(from: $0, to: &$1) },
                flaw: { model.pointee.flaw(in: $0) },
                describe: { model.pointee.describe($0) })
        }
    }

    func has(_ rule: Rule) -> Bool { without != rule }

    private func flaw(in state: RecordState) -> String? {
        if histories.isSound(state.history) { return nil }
        return "no order explains what the processes saw: \(histories.describe(state.history))"
    }

    private mutating func addMoves(from state: RecordState, to moves: inout [Move<RecordState>]) {
        for process in scenario.programs.indices {
            let at = state[process]
            guard at.operation < scenario.programs[process].count else { continue }
            switch scenario.programs[process][at.operation] {
            case .read: addReaderMoves(state, process, &moves)
            case .write(let value): addWriterMoves(state, process, value, &moves)
            case .prune: addPrunerMoves(state, process, &moves)
            }
        }
    }

    private func describe(_ state: RecordState) -> String {
        let files = (1..<8).filter { state.value(in: $0) != 0 }.map {
            "\($0)=\(RecordScenario.name(state.value(in: $0)))"
        }
        let proposals = (UInt8(2)..<7).filter { state.proposal(of: $0) != 0 }
            .map { "\(RecordScenario.name($0)) for \(state.proposal(of: $0))" }
        return "files \(files), proposals \(proposals)"
    }

    /// An operation begins with its first system call and ends with its last: whatever passes before or after only
    /// makes it easier to explain.
    mutating func begin(_ state: inout RecordState, _ process: Int, expecting value: UInt8 = 0) {
        let number = operationNumbers[process][state[process].operation]
        state.history = histories.begin(state.history, number, expecting: value)
    }

    mutating func end(
        _ state: inout RecordState, _ process: Int, _ status: RecordHistories.Entry.Status, reading value: UInt8? = nil
    ) {
        let number = operationNumbers[process][state[process].operation]
        state.history = histories.end(state.history, number, status, reading: value)
        state[process].finish()
    }
}

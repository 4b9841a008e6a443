/// The operations as their processes saw them: what each was asked and answered, and which had ended before it began.
///
/// Histories are numbered, so that a state of the model holds a number only.
struct RecordHistories {
    /// One operation, in 32 bits.
    struct Entry: Hashable {
        enum Status: UInt32 { case notBegun, pending, read, won, lost, unknown }
        private(set) var bits: UInt32 = 0

        /// Operations that had ended before this one began.
        var predecessors: UInt32 { bits >> 8 }
        /// What a write expected, or a read returned.
        var value: UInt8 { UInt8(bits >> 4 & 15) }
        var status: Status { Status(rawValue: bits & 15) ?? .notBegun }
        var hasEnded: Bool { bits & 15 > Status.pending.rawValue }

        init() {}
        init(_ status: Status, _ value: UInt8, predecessors: UInt32) {
            bits = predecessors << 8 | UInt32(value) << 4 | status.rawValue
        }
    }

    /// What each operation writes; 0 for a read.
    private let written: [UInt8]
    private let initial: UInt8
    private var histories: [[Entry]]
    private var numbers: [[Entry]: Int32]
    private var isLinearizable: [Bool] = [true]

    init(written: [UInt8], initial: UInt8) {
        self.written = written
        self.initial = initial
        histories = [Array(repeating: Entry(), count: written.count)]
        numbers = [histories[0]: 0]
    }

    mutating func begin(_ history: Int32, _ operation: Int, expecting value: UInt8) -> Int32 {
        var entries = histories[Int(history)]
        var ended: UInt32 = 0
        for (index, entry) in entries.enumerated() where entry.hasEnded { ended |= 1 << UInt32(index) }
        entries[operation] = Entry(.pending, value, predecessors: ended)
        return number(of: entries)
    }

    mutating func end(_ history: Int32, _ operation: Int, _ status: Entry.Status, reading value: UInt8? = nil) -> Int32
    {
        var entries = histories[Int(history)]
        let old = entries[operation]
        entries[operation] = Entry(status, value ?? old.value, predecessors: old.predecessors)
        return number(of: entries)
    }

    func isSound(_ history: Int32) -> Bool { isLinearizable[Int(history)] }

    private mutating func number(of entries: [Entry]) -> Int32 {
        if let known = numbers[entries] { return known }
        let number = Int32(histories.count)
        histories.append(entries)
        numbers[entries] = number
        isLinearizable.append(canBeOrdered(entries, placed: 0, current: initial))
        return number
    }

    /// Whether the operations that are not yet placed can follow in an order that a single register explains.
    private func canBeOrdered(_ entries: [Entry], placed: UInt32, current: UInt8) -> Bool {
        var isDone = true
        for index in entries.indices where placed >> UInt32(index) & 1 == 0 {
            let entry = entries[index]
            if entry.hasEnded { isDone = false }
            if entry.status == .notBegun || entry.predecessors & ~placed != 0 { continue }
            let next = placed | 1 << UInt32(index)
            for value in effects(of: entry, index, on: current)
            where canBeOrdered(entries, placed: next, current: value) {
                return true
            }
        }
        return isDone
    }

    /// What the register may hold after the operation; nothing when it cannot take place here.
    private func effects(of entry: Entry, _ index: Int, on current: UInt8) -> [UInt8] {
        let isExpected = entry.value == current
        switch entry.status {
        case .notBegun: return []
        case .read: return isExpected ? [current] : []
        case .won: return isExpected ? [written[index]] : []
        case .lost: return isExpected ? [] : [current]
        case .pending: return isExpected && written[index] != 0 ? [written[index]] : []
        case .unknown: return isExpected ? [written[index], current] : [current]
        }
    }

    func describe(_ history: Int32) -> String {
        histories[Int(history)].enumerated().compactMap { index, entry -> String? in
            let name = RecordScenario.name
            let what = written[index] == 0 ? "read" : "write \(name(written[index])) over \(name(entry.value))"
            switch entry.status {
            case .notBegun: return nil
            case .read: return "read \(name(entry.value))"
            default: return "\(what): \(entry.status)"
            }
        }.joined(separator: ", ")
    }
}

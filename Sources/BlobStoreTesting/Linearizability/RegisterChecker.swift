/// Decides whether a history of a compare-and-swap register is linearizable: whether the operations can be put in
/// one order that each client's times allow and that a single register would have answered in the same way.
///
/// *Cost*: exponential in the number of operations under way at the same time at worst; states that were seen are not
/// looked at again.
///
/// *Source*: Wing and Gong, "Testing and verifying concurrent objects" (1993), with the memoization and the linked
/// list of Lowe, "Testing for linearizability" (2017).
public struct RegisterChecker {
    private let operations: [RegisterOperation]
    /// Begins and ends of operations in order of time, as a doubly linked list: what was placed is taken out.
    private var events: EventList
    private var placed: Bits
    private var seen: Set<State> = []

    private struct State: Hashable {
        let placed: Bits
        let value: String?
    }

    /// What is wrong with the history, as text for a person; nil when it is linearizable.
    /// - Parameters:
    ///   - operations: in any order.
    ///   - initial: the register's value before all of them; nil for absent.
    public static func flaw(in operations: [RegisterOperation], startingFrom initial: String? = nil) -> String? {
        var checker = RegisterChecker(operations)
        return checker.search(from: initial)
    }

    private init(_ operations: [RegisterOperation]) {
        // A read without an answer tells nothing.
        self.operations = operations.filter { !($0.action == .read && $0.outcome == .unknown) }
        events = EventList(self.operations)
        placed = Bits(count: self.operations.count)
    }

    private mutating func search(from initial: String?) -> String? {
        var value = initial
        var path: [(event: Int, valueBefore: String?)] = []
        var longest: [Int] = []
        var stuckAt: Int?
        var event = events.first
        while let current = event {
            let operation = events.operation(of: current)
            if events.isBegin(current) {
                if let effect = operations[operation].effect(on: value), enter(operation, effect.value) {
                    path.append((current, value))
                    value = effect.value
                    events.takeOut(current)
                    event = events.first
                } else {
                    event = events.next(current)
                }
            } else {
                // This operation has ended, so it had to be placed before: go back.
                if stuckAt == nil || path.count > longest.count {
                    longest = path.map { events.operation(of: $0.event) }
                    stuckAt = operation
                }
                guard let last = path.popLast() else { return describe(longest, stuckAt: stuckAt, initial: initial) }
                value = last.valueBefore
                placed.remove(events.operation(of: last.event))
                events.putBack(last.event)
                event = events.next(last.event)
            }
        }
        return nil
    }

    /// Places the operation, unless that leads to where the search has been.
    private mutating func enter(_ operation: Int, _ value: String?) -> Bool {
        placed.insert(operation)
        if seen.insert(State(placed: placed, value: value)).inserted { return true }
        placed.remove(operation)
        return false
    }

    private func describe(_ longest: [Int], stuckAt: Int?, initial: String?) -> String {
        var value = initial
        for index in longest { value = operations[index].effect(on: value)?.value }
        var text = "\(longest.count) of \(operations.count) operations fit together, the register then holding "
        text += "\(value ?? "nothing")"
        for index in longest.suffix(8) { text += "\n  then \(operations[index])" }
        if let stuckAt { text += "\n  which \(operations[stuckAt]) contradicts" }
        return text
    }
}

/// Begins and ends in order of time. Event `2n` is the begin of operation `n`, `2n + 1` its end.
private struct EventList {
    private var after: [Int]
    private var before: [Int]
    private let head: Int

    init(_ operations: [RegisterOperation]) {
        head = operations.count * 2
        after = Array(repeating: head, count: head + 1)
        before = after
        func time(_ event: Int) -> UInt64 {
            let operation = operations[event / 2]
            if event % 2 == 0 { return operation.begunAt }
            return operation.outcome == .unknown ? .max : operation.endedAt
        }
        // At the same time begins come first: the operations then overlap, which excludes least.
        let order = (0..<head).sorted { (time($0), $0 % 2, $0) < (time($1), $1 % 2, $1) }
        var last = head
        for event in order {
            after[last] = event
            before[event] = last
            last = event
        }
        after[last] = head
        before[head] = last
    }

    var first: Int? { next(head) }
    func next(_ event: Int) -> Int? { after[event] == head ? nil : after[event] }
    func isBegin(_ event: Int) -> Bool { event % 2 == 0 }
    func operation(of event: Int) -> Int { event / 2 }

    /// Takes a begin and its end out.
    mutating func takeOut(_ begin: Int) {
        for event in [begin, begin + 1] {
            after[before[event]] = after[event]
            before[after[event]] = before[event]
        }
    }

    /// Undoes the last ``takeOut(_:)``.
    mutating func putBack(_ begin: Int) {
        for event in [begin + 1, begin] {
            after[before[event]] = event
            before[after[event]] = event
        }
    }
}

/// A set of small numbers.
private struct Bits: Hashable {
    private var words: [UInt64]

    init(count: Int) {
        words = Array(repeating: 0, count: count / 64 + 1)
    }

    mutating func insert(_ number: Int) { words[number / 64] |= 1 << UInt64(number % 64) }
    mutating func remove(_ number: Int) { words[number / 64] &= ~(1 << UInt64(number % 64)) }
}

import BlobStoreTesting
import Synchronization

/// The time of a simulation, and what happens when: in the order of time, and of what was asked for first.
final class Timeline: Sendable {
    fileprivate struct Event: Sendable {
        let at: Duration
        let number: UInt64
        let act: @Sendable () -> Void

        static func precedes(_ left: Event, _ right: Event) -> Bool {
            (left.at, left.number) < (right.at, right.number)
        }
    }

    fileprivate struct State: Sendable {
        var now = Duration.zero
        var count: UInt64 = 0
        /// A binary heap.
        var events: [Event] = []
        var random: SeededGenerator
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

    var now: Duration { state.withLock(\.now) }

    /// So many events have been asked for: two runs of one seed agree in it at every moment.
    var count: UInt64 { state.withLock(\.count) }

    func after(_ time: Duration, _ act: @escaping @Sendable () -> Void) { at(now + time, act) }

    func at(_ time: Duration, _ act: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.count += 1
            state.events.append(Event(at: max(time, state.now), number: state.count, act: act))
            state.rise()
        }
    }

    /// Lets the next event happen.
    /// - Returns: false when there is none up to that time.
    func step(until end: Duration) -> Bool {
        let event: Event? = state.withLock { state in
            guard let first = state.events.first, first.at <= end else {
                state.now = max(state.now, end)
                return nil
            }
            state.sink()
            state.now = first.at
            return first
        }
        event?.act()
        return event != nil
    }

    /// A number from 0 up to 1.
    func chance() -> Double { state.withLock { Double.random(in: 0..<1, using: &$0.random) } }

    func happens(_ probability: Double) -> Bool { chance() < probability }

    func time(_ range: ClosedRange<Double>) -> Duration {
        .seconds(range.lowerBound + chance() * (range.upperBound - range.lowerBound))
    }
}

extension Timeline.State {
    /// Moves the last event up to its place.
    fileprivate mutating func rise() {
        var child = events.count - 1
        while child > 0, case let parent = (child - 1) / 2, Timeline.Event.precedes(events[child], events[parent]) {
            events.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first event out, and moves the last one to its place.
    fileprivate mutating func sink() {
        events.swapAt(0, events.count - 1)
        events.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < events.count {
                if Timeline.Event.precedes(events[child], events[least]) { least = child }
            }
            if least == parent { return }
            events.swapAt(parent, least)
            parent = least
        }
    }
}

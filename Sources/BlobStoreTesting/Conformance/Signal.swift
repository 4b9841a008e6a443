import Synchronization

/// Something that has happened, or not yet.
final class Signal: Sendable {
    private let state = Mutex(false)
    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}

/// Numbers from 0 on, each given once.
final class Counter: Sendable {
    private let state = Mutex(0)

    func next() -> Int {
        state.withLock { state in
            defer { state += 1 }
            return state
        }
    }
}

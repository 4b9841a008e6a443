import Synchronization

/// Something that has happened, or not yet.
final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())
    private let numbers = Counter()

    var isRaised: Bool { state.withLock { $0.isRaised } }

    func raise() {
        let waiting = state.withLock { state in
            state.isRaised = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for one in waiting { one.resume() }
    }

    /// Returns once it is raised, or the task is cancelled.
    func wait() async {
        let number = numbers.next()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRaised || Task.isCancelled { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }
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

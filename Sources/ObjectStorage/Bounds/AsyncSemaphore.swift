internal import Synchronization

/// Lets only so many in at a time; the others wait in the order in which they came.
package final class AsyncSemaphore: Sendable {
    private struct State {
        /// Below zero after the number of places was made smaller than how many were in.
        var free: Int
        var places: Int
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var nextNumber = 0

        /// Whom there is room for now.
        mutating func admitted() -> [CheckedContinuation<Bool, Never>] {
            let next = waiting.prefix(max(free, 0)).map(\.continuation)
            waiting.removeFirst(next.count)
            free -= next.count
            return next
        }
    }

    private let state: Mutex<State>
    private let others: String

    /// - Parameter others: what is waited for, for the error of who is cancelled.
    package init(places: Int, waitingFor others: String = "others") {
        state = Mutex(State(free: places, places: places))
        self.others = others
    }

    /// Whether anybody waits.
    package var isContended: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Changes how many are let in. Those who are in stay in.
    package func resize(to places: Int) {
        let next = state.withLock { state in
            state.free += places - state.places
            state.places = places
            return state.admitted()
        }
        for waiter in next { waiter.resume(returning: true) }
    }

    /// Runs `body` with a place taken.
    /// - Throws: `cancelled` while waiting, and what `body` throws.
    package func pass<Value>(_ body: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        try await enter()
        defer { leave() }
        return try await body()
    }

    /// Takes a place, which must be given back by ``leave()``.
    package func enter() async throws(StoreError) {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: false)
        }
        if !isIn { throw StoreError(.cancelled, "cancelled while waiting for \(others)") }
    }

    package func leave() {
        let next = state.withLock { state in
            state.free += 1
            return state.admitted()
        }
        for waiter in next { waiter.resume(returning: true) }
    }
}

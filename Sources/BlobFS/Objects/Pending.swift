internal import Synchronization

/// A value that one side delivers once and the other waits for once.
final class Pending<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case delivered(Value)
        case taken
    }

    private let state = Mutex(State.empty)

    func deliver(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .taken
                return continuation
            }
            state = .delivered(value)
            return nil
        }
        waiting?.resume(returning: value)
    }

    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let there: Value? = state.withLock { state in
                if case .delivered(let value) = state {
                    state = .taken
                    return value
                }
                state = .waiting(continuation)
                return nil
            }
            if let there { continuation.resume(returning: there) }
        }
    }
}

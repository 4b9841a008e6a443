internal import Synchronization

/// Lets equal look-ups that are made at the same time be one: the first caller looks, and the others wait for it.
///
/// A look-up that began before a caller came may have missed what happened in between. So each caller says what of such
/// a result it takes; else it takes part in the next look-up, which begins after all who wait for it have come.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Landing = Result<Value, StoreError>
    private struct State {
        /// By key, those who wait for a look-up that is under way.
        var flights: [Key: [(number: Int, continuation: CheckedContinuation<Landing?, Never>)]] = [:]
        var nextNumber = 0
    }

    private enum Entry {
        case leads
        case landed(Landing?)
    }

    private let state = Mutex(State())

    /// The value of a key, looked up by this caller or another.
    /// - Parameters:
    ///   - accepts: whether to take what a look-up found that began before this call.
    ///   - look: looks it up.
    /// - Throws: what the look-up throws, also another caller's; `cancelled` only where this caller is.
    func value(
        of key: Key, accepting accepts: (Value) -> Bool, _ look: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        var isLate = false
        while true {
            switch await enter(key) {
            case .leads: return try await lead(key, look)
            case .landed(nil): throw StoreError(.cancelled, "cancelled while another looked the same up")
            case .landed(.success(let value)?): if isLate || accepts(value) { return value }
            case .landed(.failure(let error)?):
                // Another's cancellation is not this caller's; and what was absent may have come since.
                if error.code != .cancelled && (isLate || error.code != .notFound) { throw error }
            }
            isLate = true
        }
    }

    private func lead(
        _ key: Key, _ look: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(StoreError) {
            let value = try await look()
            land(key, .success(value))
            return value
        } catch {
            land(key, .failure(error))
            throw error
        }
    }

    private func land(_ key: Key, _ landing: Landing) {
        let waiting = state.withLock { $0.flights.removeValue(forKey: key) } ?? []
        for waiter in waiting { waiter.continuation.resume(returning: landing) }
    }

    /// Waits for the look-up that is under way; where there is none, this caller leads one.
    private func enter(_ key: Key) async -> Entry {
        let number: Int? = state.withLock { state in
            guard state.flights[key] != nil else {
                state.flights[key] = []
                return nil
            }
            state.nextNumber += 1
            return state.nextNumber
        }
        guard let number else { return .leads }
        return .landed(await wait(key, number))
    }

    /// - Returns: nil when this caller is cancelled.
    private func wait(_ key: Key, _ number: Int) async -> Landing? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isIn = state.withLock { state in
                    guard !Task.isCancelled, state.flights[key] != nil else { return false }
                    state.flights[key]?.append((number, continuation))
                    return true
                }
                // One that has landed since is over for whoever came late: it takes part in the next.
                if !isIn { continuation.resume(returning: Task.isCancelled ? nil : .failure(.landedBefore)) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.flights[key]?.firstIndex { $0.number == number }.flatMap {
                    state.flights[key]?.remove(at: $0)
                }
            }
            waiter?.continuation.resume(returning: nil)
        }
    }
}

extension StoreError {
    /// Never seen by a caller: it looks again.
    fileprivate static var landedBefore: StoreError { StoreError(.cancelled, "another look-up has just ended") }
}

/// Waits between tries of a bounded number: exponential with full jitter.
///
/// - Source: the field's practice, e.g. "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
package struct Backoff {
    private var tries = 0
    private let maximumTries: Int

    package init(maximumTries: Int = 60) {
        self.maximumTries = maximumTries
    }

    /// Waits before the next try, up to half a second.
    /// - Throws: `error` when all tries are used up, as `unavailable` where it says that others were faster;
    ///   `cancelled`.
    package mutating func wait(or error: StoreError) async throws(StoreError) {
        tries += 1
        guard tries < maximumTries else {
            guard error.code == .preconditionFailed else { throw error }
            throw StoreError(.unavailable, "other writers changed the record \(maximumTries) times in a row; try again")
                .during(error.operation ?? "update", key: error.key)
        }
        let ceiling = min(500_000, 1_000 << min(tries, 9))
        do {
            try await Surroundings.pause(.microseconds(ceiling))
        } catch {
            throw StoreError(.cancelled, "cancelled while waiting for another writer")
        }
    }
}

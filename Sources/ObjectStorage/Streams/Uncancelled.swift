/// Runs work that must be done although its caller was cancelled: to undo what would hold others.
///
/// It is waited for; nothing goes on behind the caller's back.
/// - Parameter limit: after so long it is cancelled after all; nil for work that ends by itself.
package func uncancelled<Value: Sendable>(
    within limit: Duration? = nil, _ work: @escaping @Sendable () async throws(StoreError) -> Value
) async throws(StoreError) -> Value {
    let task = Task(executorPreference: Surroundings.executor) { () async -> Result<Value, StoreError> in
        do throws(StoreError) { return .success(try await work()) } catch { return .failure(error) }
    }
    let timer = limit.map { limit in
        Task(executorPreference: Surroundings.executor) {
            do { try await Task.sleep(for: limit) } catch { return }
            task.cancel()
        }
    }
    defer { timer?.cancel() }
    return try await task.value.get()
}

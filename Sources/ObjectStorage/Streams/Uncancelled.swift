/// Runs work that must be done although its caller was cancelled: to undo what would hold others.
///
/// It is waited for; nothing goes on behind the caller's back.
package func uncancelled<Value: Sendable>(
    _ work: @escaping @Sendable () async throws(StoreError) -> Value
) async throws(StoreError) -> Value {
    let task = Task(executorPreference: Surroundings.executor) { () async -> Result<Value, StoreError> in
        do throws(StoreError) { return .success(try await work()) } catch { return .failure(error) }
    }
    return try await task.value.get()
}

@testable import BlobStore

extension Lease {
    /// Gives signs of life until `attempt` has ended.
    /// - Returns: what it ended with; nil when it succeeded.
    func refusal<Value: Sendable>(_ attempt: @escaping @Sendable () async throws -> Value) async throws -> StoreError? {
        let ended = Gate()
        async let end: StoreError? = {
            defer { ended.open() }
            do {
                _ = try await attempt()
                return nil
            } catch { return error as? StoreError }
        }()
        while !ended.isOpen {
            try await renew()
            await Task.yield()
        }
        return await end
    }
}

/// A bound on the memory that content in flight may take: who wants more than is left waits, first come first
/// served.
package actor ByteBudget {
    private let capacity: Int64
    private var free: Int64
    private var queue: [(bytes: Int64, CheckedContinuation<Void, Never>)] = []

    package init(_ capacity: Int64) {
        self.capacity = capacity
        free = capacity
    }

    /// Holds `bytes` (at most all) while `work` runs.
    package nonisolated func spend<Value: Sendable>(
        _ bytes: Int64, _ work: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let share = min(bytes, capacity)
        await take(share)
        do throws(StoreError) {
            let value = try await work()
            await give(share)
            return value
        } catch {
            await give(share)
            throw error
        }
    }

    private func take(_ bytes: Int64) async {
        if queue.isEmpty && free >= bytes {
            free -= bytes
        } else {
            await withCheckedContinuation { queue.append((bytes, $0)) }
        }
    }

    private func give(_ bytes: Int64) {
        free += bytes
        while let (wanted, waiter) = queue.first, wanted <= free {
            free -= wanted
            queue.removeFirst()
            waiter.resume()
        }
    }
}

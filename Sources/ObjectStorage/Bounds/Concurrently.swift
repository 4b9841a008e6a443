internal import BlobSystem

/// How many things are worked on at once where nobody says, and where it does not depend on the root.
package let usualJobs = 8

/// Runs `work` on what `next` yields, at most `limit` at once, and no more than fit the limits of the process; in no
/// order.
///
/// The first error ends it: what runs is cancelled and waited for. A cancelled caller gets `cancelled`.
package func concurrently<Element: Sendable>(
    _ limit: Int,
    _ next: () async throws(StoreError) -> Element?,
    _ work: @escaping @Sendable (Element) async throws(StoreError) -> Void
) async throws(StoreError) {
    let limit = ProcessLimits.fitting(limit)
    let result: Result<Void, StoreError> = await withTaskGroup(of: StoreError?.self) { group in
        var running = 0
        do throws(StoreError) {
            while let element = try await next() {
                if Task.isCancelled { throw cancellation }
                if running >= limit {
                    running -= 1
                    if let error = await group.next() ?? nil { throw error }
                }
                running += 1
                group.addTask {
                    do throws(StoreError) { try await work(element) } catch { return error }
                    return nil
                }
            }
            for await case let error? in group { throw error }
            return .success(())
        } catch {
            group.cancelAll()
            await group.waitForAll()
            return .failure(error)
        }
    }
    try result.get()
    if Task.isCancelled { throw cancellation }
}

/// Runs `work` on all elements, at most `limit` at once; in no order.
package func concurrently<Element: Sendable>(
    _ limit: Int, _ elements: some Sequence<Element>,
    _ work: @escaping @Sendable (Element) async throws(StoreError) -> Void
) async throws(StoreError) {
    var rest = elements.makeIterator()
    try await concurrently(limit, { () throws(StoreError) in rest.next() }, work)
}

private let cancellation = StoreError(.cancelled, "cancelled; the same command resumes where it stopped")

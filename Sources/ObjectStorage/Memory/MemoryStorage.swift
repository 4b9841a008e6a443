internal import Synchronization

/// A storage in the memory of this process: for tests, and for the tests of servers built on the store.
///
/// *Guarantees*: all of ``Storage``, for every task that shares the instance; nothing survives the process. Ages come
/// from the clock it was given, so that a test can let a day go by.
///
/// *Cost*: all content stands in memory.
public final class MemoryStorage: Storage {
    public let address: String
    public let capabilities: Capabilities
    public let fence: Duration
    let refusesLateRemovals: Bool

    let shelf = Mutex(MemoryShelf())
    let now: @Sendable () -> Duration
    let pageSize: Int

    /// An empty storage.
    /// - Parameters:
    ///   - address: what a person sees; two storages may bear the same.
    ///   - clock: tells ages.
    ///   - pageSize: how many names a page of a listing holds.
    ///   - movesAtomically: whether it says so; else it is as a bucket is, and removes behind a fence.
    ///   - fence: after so long a prepared removal is refused; nil where none ever is.
    public init(
        address: String = "memory:", clock: some Clock<Duration> = ContinuousClock(), pageSize: Int = 1_000,
        movesAtomically: Bool = true, fence: Duration? = .seconds(300)
    ) {
        let start = clock.now
        self.address = address
        self.pageSize = max(1, pageSize)
        now = { start.duration(to: clock.now) }
        self.fence = fence ?? .seconds(300)
        refusesLateRemovals = fence != nil
        // What moves nothing atomically stands for a bucket, which stages nothing inside either.
        capabilities = Capabilities(
            sharedWriters: true, atomicMove: movesAtomically, copyWithoutBytes: true,
            largestObjectBytes: movesAtomically ? nil : 5 << 40, spoolsAboveBytes: movesAtomically ? nil : 0)
    }

    /// Returns at once: memory stays where it is.
    public func checkLocation() async throws(StoreError) {}

    /// Does nothing: what is stored goes with the last reference.
    public func close() async {}
}

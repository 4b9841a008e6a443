/// A storage that cannot move objects atomically, and whose server refuses a removal that comes too late.
///
/// That is what a collector of garbage needs where it may be paused at any step: a removal that it sends after a long
/// pause must not meet an object that has been published again since. Of a record such a storage's listings with
/// details tell the time since its last write.
public protocol FencedRemovals: Storage {
    /// After so long, by the storage's own clock, no removal takes effect that was prepared before; with room for the
    /// clocks of a server's machines to differ.
    var fence: Duration { get }

    /// Prepares the removal of an object: signed once, dated by the storage's own clock as of now, never to be signed
    /// again.
    func prepareRemoval(of key: Key) async throws(StoreError) -> PreparedRemoval
}

/// A removal that takes effect before its fence, or not at all.
public struct PreparedRemoval: Sendable {
    /// Sends it, once. A missing object is a success.
    /// - Throws: `unavailable` when it comes too late, or when it is not known whether it took effect.
    public let run: @Sendable () async throws(StoreError) -> Void

    public init(_ run: @escaping @Sendable () async throws(StoreError) -> Void) {
        self.run = run
    }
}

extension Storage {
    /// The storage beneath all decorators that removes behind a fence, and the object's key there; nil when the
    /// storage cannot.
    package func fencedPlace(of key: Key) async throws(StoreError) -> (storage: any FencedRemovals, key: Key)? {
        let place = try await place(of: key)
        guard let fenced = place.storage as? any FencedRemovals else { return nil }
        return (fenced, place.key)
    }
}

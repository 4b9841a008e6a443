internal import Synchronization

extension MemoryStorage: FencedRemovals {
    public func prepareRemoval(of key: Key) async throws(StoreError) -> PreparedRemoval {
        try key.expectObject()
        let prepared = now()
        return PreparedRemoval { [self] () throws(StoreError) in
            guard now() - prepared <= fence else {
                throw StoreError(.unavailable, "the removal of \"\(key)\" comes too late")
            }
            shelf.withLock { $0.removeObject(key) }
        }
    }
}

internal import Synchronization

extension MemoryStorage: FencedRemovals {
    public func expectFence() async throws(StoreError) {
        if refusesLateRemovals { return }
        throw StoreError(.unsupported, "\(address) does not refuse a removal that arrives too late (late-removal: no)")
    }

    public func prepareRemoval(of key: Key) async throws(StoreError) -> PreparedRemoval {
        try key.expectObject()
        let prepared = now()
        return PreparedRemoval { [self] () throws(StoreError) in
            guard !refusesLateRemovals || now() - prepared <= fence else {
                throw StoreError(.unavailable, "the removal of \"\(key)\" came too late")
            }
            shelf.withLock { $0.removeObject(key) }
        }
    }
}

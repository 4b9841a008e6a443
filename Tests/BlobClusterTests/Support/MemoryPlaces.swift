import BlobBackends
import BlobStoreTesting
import Synchronization

@testable import BlobCluster

/// Opens storages in memory by URL, and counts their requests; the same URL is the same storage.
final class MemoryPlaces: StorageOpener {
    private let places = Mutex<[RootURL: FaultStorage]>([:])
    /// What the storages answer instead; nil for what they hold.
    private let outage = Mutex<StoreError?>(nil)
    let schemes = Backends(threads: 1).schemes

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        guard let storage = places.withLock({ $0[url] }) else {
            throw StoreError(.notFound, "there is nothing at \(url)")
        }
        return storage
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        places.withLock { places in
            if let known = places[url] { return known }
            let storage = FaultStorage(
                MemoryStorage(address: url.description),
                plan: FaultPlan { [self] _, _, _ in outage.withLock { $0 }.map { .before($0) } })
            places[url] = storage
            return storage
        }
    }

    func fail(_ error: StoreError?) { outage.withLock { $0 = error } }

    /// How many requests the storage at that URL got. Looking at the location is none: a bucket's cannot change.
    func requests(_ url: RootURL) -> Int {
        guard let storage = places.withLock({ $0[url] }) else { return 0 }
        return StorageOperation.allCases.filter { $0 != .checkLocation }.reduce(0) { $0 + storage.count(of: $1) }
    }
}

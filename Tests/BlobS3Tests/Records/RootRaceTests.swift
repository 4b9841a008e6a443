import BlobS3
import BlobStore
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("A root that two nodes make at once")
struct RootRaceTests {
    private struct Opener: StorageOpener {
        let storage: S3Storage
        var schemes: StorageSchemes { StorageSchemes([S3Scheme()]) }

        func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage { storage }
        func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage { storage }
    }

    @Test("is opened by the one that finds the other's marker only when it lists the place")
    func late() async throws {
        let marker = RootMarker(.server)
        let bytes = try Document(marker).bytes()
        let late = Mutex<BucketServer?>(nil)
        let bucket = BucketServer { _, head in
            if head.contains("list-type=2") { late.withLock { $0?.put("root.json", bytes) } }
            return .none
        }
        late.withLock { $0 = bucket }
        let (storage, server) = try bucket.storage(assuming: .proper)
        let (root, isNew) = try await Root.create(
            RootURL("s3://bucket"), Root.Identity(.server), with: Opener(storage: storage))
        #expect(root.id == marker.id && !isNew)
        late.withLock { $0 = nil }
        _ = server
    }
}

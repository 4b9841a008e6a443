import BlobStoreTesting
import BlobSystem
import ObjectStorage
import TestSupport
import Testing

@testable import BlobStore

@Suite("What stands in the way to content says nothing of the content")
struct LinkedWayTests {
    @Test("content behind a symbolic link is not called damaged, by who would set it aside for that")
    func link() async throws {
        let link = StoreError(Errno.tooManySymlinks, call: "openat2", "blobs/sha256/ab")
        let plan = FaultPlan { operation, _, _ in operation == .readObject ? .before(link) : nil }
        let content = ContentStore(FaultStorage(MemoryStorage(), plan: plan))
        let digest = try Digest(of: [1])
        await expectError(.corrupt) { try await content.isGood(FeedLayout.blob(digest), digest) }
    }
}

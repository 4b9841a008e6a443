import BlobS3
import BlobStore
import BlobStoreTesting
import Testing

@Suite("A storage in a bucket keeps every promise of the protocol")
struct ConformanceTests {
    private static let options = ConformanceOptions(
        ageResolution: .milliseconds(2_100), manyNames: 1_100, showsStagedContent: false)

    @Test(
        "on real servers, seen from two nodes", .enabled(if: !ServerUnderTest.shared.isEmpty, "no server is named"),
        arguments: ServerUnderTest.shared, StorageConformance.checks)
    func server(_ server: ServerUnderTest, _ check: StorageConformance.Check) async throws {
        let prefix = ServerUnderTest.freshPrefix()
        try await check.run(Self.options, onNodes: { [server.storage(prefix), server.storage(prefix)] })
    }
}

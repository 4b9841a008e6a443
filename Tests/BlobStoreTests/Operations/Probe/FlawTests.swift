import BlobStore
import BlobStoreTesting
import Testing

@Suite("Every check of the conformance suite can fail")
struct FlawTests {
    @Test("a storage with a flaw is found out by the check for it", arguments: Flaw.allCases)
    func found(_ flaw: Flaw) async throws {
        let check = try #require(StorageConformance.checks.first { $0.name == flaw.check }, "\(flaw.check)")
        var options = ConformanceOptions(manyNames: 300)
        if flaw == .droppedUploadStays { options.timeout = .milliseconds(200) }
        await #expect(throws: (any Error).self) {
            // A race that a flaw loses does not come out the same way each time.
            for _ in 0..<20 { try await check.run(options) { FlawedStorage(flaw) } }
        }
    }

    @Test("a sound storage is not found out")
    func sound() async throws {
        for check in StorageConformance.checks { try await check.run { MemoryStorage(pageSize: 20) } }
    }

    @Test("each check has a name of its own")
    func names() {
        #expect(Set(StorageConformance.checks.map(\.name)).count == StorageConformance.checks.count)
    }
}

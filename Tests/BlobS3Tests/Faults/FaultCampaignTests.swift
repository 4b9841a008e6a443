import BlobStore
import FoundationEssentials
import Testing

@testable import BlobS3

/// Bounded here. The long form: `BLOBSTORE_FAULT_ROUNDS=1000 swift test --filter FaultCampaignTests`; what a seed found
/// comes back with BLOBSTORE_FAULT_SEED.
@Suite("A bucket behind a broken network", .serialized)
struct FaultCampaignTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let rounds = environment["BLOBSTORE_FAULT_ROUNDS"].flatMap { Int($0) } ?? 4
    private static let seed = environment["BLOBSTORE_FAULT_SEED"].flatMap { UInt64($0) }

    @Test(
        "whatever breaks, an operation succeeds or says that it did not, and what is stored is what was reported",
        .enabled(if: !ServerUnderTest.shared.isEmpty, "no server is named"), arguments: ServerUnderTest.shared)
    func campaign(_ server: ServerUnderTest) async throws {
        var tally = FaultCampaign.Tally()
        for round in 0..<(Self.seed == nil ? Self.rounds : 1) {
            let seed = Self.seed ?? UInt64.random(in: 0...UInt64.max)
            print("fault campaign on \(server), round \(round): BLOBSTORE_FAULT_SEED=\(seed)")
            do { tally = tally + (try await FaultCampaign(server: server, seed: seed).run()) } catch {
                Issue.record("\(error)")
            }
        }
        print("fault campaign on \(server): \(tally)")
        // A campaign without faults, without successes or without won writes proves nothing.
        #expect(tally.faults > 0 && tally.successes > 0 && tally.recordWrites > 0)
    }
}

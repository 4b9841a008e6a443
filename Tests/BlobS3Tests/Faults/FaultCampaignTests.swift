import FoundationEssentials
import ObjectStorage
import Testing

@testable import BlobS3

/// Bounded here. The long form: `BLOBSTORE_FAULT_ROUNDS=1000 swift test --filter FaultCampaignTests`; what a seed found
/// comes back with BLOBSTORE_FAULT_SEED.
@Suite("A bucket behind a broken network", .serialized)
struct FaultCampaignTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let rounds = environment["BLOBSTORE_FAULT_ROUNDS"].flatMap { Int($0) } ?? 30
    private static let seed = environment["BLOBSTORE_FAULT_SEED"].flatMap { UInt64($0) }

    /// Rounds wait for the server, and for pauses, more than they compute.
    private static let roundsAtATime = 6

    @Test(
        "whatever breaks, an operation succeeds or says that it did not, and what is stored is what was reported",
        .enabled(if: !ServerUnderTest.shared.isEmpty, "no server is named"), arguments: ServerUnderTest.shared)
    func campaign(_ server: ServerUnderTest) async {
        let tally = await withTaskGroup(of: FaultCampaign.Tally.self) { group in
            var tally = FaultCampaign.Tally()
            for round in 0..<(Self.seed == nil ? Self.rounds : 1) {
                if round >= Self.roundsAtATime, let done = await group.next() { tally = tally + done }
                group.addTask { await Self.round(round, on: server) }
            }
            return await group.reduce(tally, +)
        }
        print("fault campaign on \(server): \(tally)")
        // A campaign without faults, without successes or without won writes proves nothing.
        #expect(tally.faults > 0 && tally.successes > 0 && tally.recordWrites > 0)
    }

    private static func round(_ round: Int, on server: ServerUnderTest) async -> FaultCampaign.Tally {
        let seed = seed ?? UInt64.random(in: 0...UInt64.max)
        print("fault campaign on \(server), round \(round): BLOBSTORE_FAULT_SEED=\(seed)")
        do { return try await FaultCampaign(server: server, seed: seed).run() } catch {
            Issue.record("\(error)")
            return FaultCampaign.Tally()
        }
    }
}

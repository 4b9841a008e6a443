import Testing

@testable import BlobCluster

@Suite("Nodes that fail in every way still do each job once, from a seed", .serialized)
struct SimulationTests {
    private func run(_ seed: UInt64, _ plan: World.Plan) async throws -> World {
        try await onThread {
            let world = World(seed: seed, plan)
            try world.run()
            return world
        }
    }

    private func expectGood(_ world: World, _ seed: UInt64) {
        let trace = world.referee.trace.joined(separator: "\n")
        #expect(world.referee.violations.isEmpty, "BLOBSTORE_SEED=\(seed) replays this\n\(trace)")
    }

    @Test(
        "pauses, deaths, cut cables and lost answers: one planner, and no job lost or done twice",
        arguments: Seeds.all(usual: 8))
    func troubles(_ seed: UInt64) async throws {
        let world = try await run(seed, World.Plan())
        expectGood(world, seed)
        #expect(world.referee.finishedCount > 8)
    }

    @Test("a job that kills each node which does it fails after some deaths, and the others are done", arguments: 1...3)
    func deadly(_ seed: UInt64) async throws {
        var plan = World.Plan(nodes: 5, troubleSeconds: 0, quietSeconds: 600)
        plan.hasDeadlyJob = true
        let world = try await run(seed, plan)
        expectGood(world, seed)
        #expect(world.referee.hasDeadlyFailure)
    }

    @Test("two hundred nodes are as good as seven")
    func manyNodes() async throws {
        var plan = World.Plan(nodes: 200, troubleSeconds: 30, quietSeconds: 60, jobs: 2)
        plan.pauseSeconds = 1
        let world = try await run(1, plan)
        expectGood(world, 1)
        #expect(world.referee.finishedCount > 4)
    }

    @Test("a seed replays itself to the last event")
    func replay() async throws {
        let plan = World.Plan(nodes: 5, troubleSeconds: 60, quietSeconds: 30)
        let (first, second) = (try await run(7, plan), try await run(7, plan))
        #expect(first.timeline.count == second.timeline.count)
        #expect(withoutIDs(first.referee.trace) == withoutIDs(second.referee.trace))
        #expect(first.timeline.count > 1_000)
    }

    /// Ids are random in each run, and nothing depends on them.
    private func withoutIDs(_ trace: [String]) -> [String] {
        trace.map { $0.replacing(/-[0-9a-f]{16}/, with: "") }
    }

    @Test("each rule that is left out is found", arguments: Flaw.allCases)
    func flaws(_ flaw: Flaw) async throws {
        var found: String?
        for seed in UInt64(1)...25 where found == nil {
            found = try await run(seed, World.Plan(flaw: flaw)).referee.violations.first
        }
        print("without a rule, \(flaw): \(found ?? "nothing")")
        #expect(found != nil)
    }

    @Test("three nodes with the rules of ten feeds send at most 10,000 requests in an hour in which nothing is due")
    func requests() async throws {
        var plan = World.Plan(nodes: 3, troubleSeconds: 0, quietSeconds: 10_810, jobs: 0)
        plan.daily = true
        let world = try await run(1, plan)
        expectGood(world, 1)
        let hours = world.requestsByHour
        print("requests of three nodes, in an hour with the jobs of a day and in two without: \(hours)")
        #expect(hours.count == 3 && world.referee.finishedCount >= 170)
        #expect(hours.dropFirst().allSatisfy { $0 <= 10_000 && $0 > 3_000 } && hours[0] < 20_000)
    }
}

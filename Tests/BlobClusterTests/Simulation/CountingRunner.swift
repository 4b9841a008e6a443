@testable import BlobCluster

/// Does jobs that consist of so many items, each of which takes a while.
struct CountingRunner: JobRunner {
    let kind = "count"
    let process: SimulatedProcess
    let referee: Referee
    let timeline: Timeline
    let flaw: Flaw?
    /// Kills a process and starts another one, as a supervisor does.
    var kill: @Sendable (SimulatedProcess) -> Void = { _ in }

    func shards(_ arguments: [String: String]) async throws(StoreError) -> [String] {
        (0..<(Int(arguments["shards"] ?? "") ?? 1)).map { "part-\($0)" }
    }

    func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64] {
        referee.begin(shard, on: process.name.text)
        defer { referee.end(shard) }
        let items = Int(shard.arguments["items"] ?? "") ?? 1
        let first = shard.checkpoint.flatMap { Int($0) } ?? 0
        for item in first..<max(first, items) {
            if flaw == .notesTooEarly { note(item + 1, of: items, shard) }
            if shard.arguments["deadly"] != nil, item == 1 { kill(process) }
            let end = process.clock.now() + timeline.time(0.5...3)
            if flaw == .worksWithoutClaim {
                try? await process.clock.sleep(end)
            } else {
                try await process.clock.pause(until: end, for: "an item")
                try shard.check()
            }
            referee.act(item, of: shard, on: process.name.text)
            note(item + 1, of: items, shard)
        }
        return ["items": Int64(items)]
    }

    private func note(_ done: Int, of items: Int, _ shard: JobShard) {
        shard.note(JobRecord.Progress(done: Int64(done), total: Int64(items)), checkpoint: "\(done)")
    }
}

import BlobStore
import Synchronization

@testable import BlobCluster

/// Watches a simulation from above, with a time that no process has, and notes each rule that is broken.
final class Referee: Sendable {
    private struct Work: Sendable {
        let process: String
        let shard: JobShard
    }

    private struct ShardName: Hashable, Sendable {
        let job: String
        let shard: String
    }

    private struct State: Sendable {
        var violations: [String] = []
        var trace: [String] = []
        var working: [ShardName: [Work]] = [:]
        var lastTerm: [ShardName: Int64] = [:]
        /// How many items of a shard are done, one after another.
        var done: [ShardName: Int] = [:]
        var created: Set<String> = []
        var finished: [ShardName: Int] = [:]
        var outcomes: [String: JobRecord.Outcome] = [:]
        var promised: Set<String> = []
        var hasDeadlyFailure = false
        /// Those that hold the lease, by their own belief: also those that are paused or dead.
        var planners: [SimulatedProcess] = []
    }

    private let timeline: Timeline
    private let state = Mutex(State())

    init(_ timeline: Timeline) { self.timeline = timeline }

    var violations: [String] { state.withLock(\.violations) }
    /// The last things that happened.
    var trace: [String] { state.withLock { $0.trace.suffix(40).map { $0 } } }
    /// Of all shards: how many were run to their end.
    var finishedCount: Int { state.withLock { $0.finished.values.reduce(0, +) } }
    /// Jobs of which somebody was told that they are there, or that somebody began, and that have not ended.
    var unfinishedJobs: Set<String> {
        state.withLock { state in
            let outcomes = state.outcomes
            return state.promised.union(state.created).filter { outcomes[$0] == nil }
        }
    }

    /// Whether the job that kills each process that does it was given up.
    var hasDeadlyFailure: Bool { state.withLock(\.hasDeadlyFailure) }

    func note(_ text: String) {
        let line = "\(timeline.now.components.seconds) s: \(text)"
        state.withLock { state in
            if state.trace.count > 400 { state.trace.removeFirst(200) }
            state.trace.append(line)
        }
    }

    /// A rule is broken.
    func fail(_ text: String) { accuse(text) }

    private func accuse(_ text: String) {
        note("VIOLATION: \(text)")
        state.withLock { $0.violations.append(text) }
    }

    /// Somebody was told that the job is there: from now on it may not get lost.
    func promise(_ job: String) { state.withLock { _ = $0.promised.insert(job) } }

    // MARK: What processes do

    func begin(_ shard: JobShard, on process: String) {
        let name = ShardName(job: shard.job, shard: shard.name)
        state.withLock { state in
            state.working[name, default: []].removeAll { !$0.shard.isHeld }
            state.working[name, default: []].append(Work(process: process, shard: shard))
        }
        note("\(process) begins \(shard.name) of \(shard.job), term \(shard.term), from \(shard.checkpoint ?? "-")")
    }

    func end(_ shard: JobShard) {
        let name = ShardName(job: shard.job, shard: shard.name)
        state.withLock { $0.working[name]?.removeAll { $0.shard === shard } }
    }

    /// An item of a shard is done: an act that others notice.
    func act(_ item: Int, of shard: JobShard, on process: String) {
        let name = ShardName(job: shard.job, shard: shard.name)
        let (others, latest, done) = state.withLock { state in
            defer {
                state.lastTerm[name] = max(state.lastTerm[name] ?? 0, shard.term)
                state.done[name] = max(state.done[name] ?? 0, item + 1)
            }
            let others = (state.working[name] ?? []).filter { $0.shard !== shard && $0.shard.isHeld }.map(\.process)
            return (others, state.lastTerm[name] ?? 0, state.done[name] ?? 0)
        }
        if !others.isEmpty { accuse("\(process) acts on \(name), which \(others) holds") }
        if latest > shard.term { accuse("\(process) acts on \(name) under term \(shard.term), after term \(latest)") }
        if item > done { accuse("\(process) does item \(item) of \(name), and item \(done) was never done") }
    }

    func plans(_ process: SimulatedProcess) { state.withLock { $0.planners.append(process) } }

    /// At most one process believes that it holds the lease, and at most one that it holds a shard.
    func check() {
        let planners = state.withLock(\.planners).filter(\.holdsLease)
        state.withLock { $0.planners = planners }
        let holders = planners.map(\.name.text)
        if holders.count > 1 { accuse("\(holders) hold the lease at the same time") }
        let crowded = state.withLock { state in
            state.working.filter { $0.value.count > 1 && $0.value.filter(\.shard.isHeld).count > 1 }.map(\.key)
        }
        for name in crowded { accuse("two processes hold \(name)") }
    }

    // MARK: What the storage sees

    func see(_ key: Key, _ before: [UInt8]?, _ after: [UInt8]?) {
        if key.text.hasPrefix("cluster/jobs/") { seeJob(record(before), record(after)) }
        if key.text == "cluster/leases/planner.json" { seeLease(record(before), record(after)) }
    }

    private func record<Body: DocumentBody>(_ bytes: [UInt8]?) -> Body? {
        bytes.flatMap { try? Document<Body>(bytes: $0).body }
    }

    private func seeLease(_ before: LeaseRecord?, _ after: LeaseRecord?) {
        guard let after else { return accuse("the lease was removed") }
        guard let before else { return }
        if after.term < before.term { accuse("the lease's term fell from \(before.term) to \(after.term)") }
        if after.term == before.term, let holder = after.holder, let former = before.holder, holder != former {
            accuse("term \(after.term) of the lease has two holders: \(former.node), \(holder.node)")
        }
    }

    private func seeJob(_ before: JobRecord?, _ after: JobRecord?) {
        guard let after else {
            if let before, before.outcome == nil { accuse("job \(before.id) was removed before it ended") }
            return
        }
        if before == nil, !state.withLock({ $0.created.insert(after.id).inserted }) {
            accuse("job \(after.id) was made twice")
        }
        if let outcome = before?.outcome { accuse("job \(after.id) was changed after it ended (\(outcome))") }
        for (index, shard) in after.shards.enumerated() {
            guard let before, before.shards.indices.contains(index) else { continue }
            see(shard, after: before.shards[index], of: after.id)
        }
        if let outcome = after.outcome { state.withLock { $0.outcomes[after.id] = outcome } }
        if after.outcome == .failed, after.arguments["deadly"] != nil {
            return state.withLock { $0.hasDeadlyFailure = true }
        }
        if after.outcome == .failed, after.kind == "count" {
            accuse("job \(after.id) failed: \(after.shards.compactMap(\.message))")
        }
    }

    private func see(_ shard: JobRecord.Shard, after former: JobRecord.Shard, of job: String) {
        let name = ShardName(job: job, shard: shard.name)
        if former.hasEnded, shard != former { accuse("\(name) was changed after it ended") }
        if shard.term < former.term { accuse("the term of \(name) fell") }
        guard shard.state == .done, former.state != .done else { return }
        let count = state.withLock { state in
            state.finished[name, default: 0] += 1
            return state.finished[name] ?? 0
        }
        if count > 1 { accuse("\(name) was run to its end \(count) times") }
    }
}

import BlobStore
import BlobStoreTesting
import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// Publishers, some of them stopped for longer than the grace period, deleters, and collections in a loop, each a
/// process of its own.
@Suite struct StoppedTests {
    private static let seconds = Endurance.seconds ?? 8
    private static let publishers = 8

    @Test("collecting in a loop loses nothing that was reported published, and frees what is garbage")
    func loop() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("feed", "set", "npm", "--grace", "2s").succeeded()
        let end = ContinuousClock.now + .seconds(Self.seconds)
        let seeds = Endurance.generator("stopped publishers")
        let freed = Freed()
        let live = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for index in 0..<Self.publishers {
                var random = seeds
                for _ in 0...index { _ = random.next() }
                let own = SeededGenerator(seed: random.next())
                group.addTask { try await publish(scratch, index, until: end, own) }
            }
            group.addTask {
                while ContinuousClock.now < end { freed.add(try await Self.collect(scratch)) }
                return []
            }
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(!live.isEmpty)
        let listed = Set(try await scratch.run("ls", "npm", "--names").succeeded().output.split(separator: "\n"))
        #expect(live.isSubset(of: listed.map(String.init)))
        let check = try await scratch.json("check", "--content", "all")
        #expect(check.status == 0, "\(check.output) \(check.errors)")
        // What a publisher wrote without reporting it is named still.
        let named = try await scratch.json("ls", "npm").succeeded().lines
        for line in named {
            try await scratch.run("rm", "npm", #require(line["path"])).succeeded()
        }
        let isEmpty = try await KilledTests.becomesTrue {
            freed.add(try await Self.collect(scratch))
            return try scratch.files("root/feeds/npm/blobs").isEmpty && scratch.files("root/feeds/npm/retired").isEmpty
        }
        #expect(isEmpty && freed.count > 0)
    }

    /// - Returns: how much was removed.
    private static func collect(_ scratch: Scratch) async throws -> Int64 {
        let result = try await scratch.json("gc", "npm", "--delete", "--max-delete", "100%").succeeded()
        return try #require(result.line("summary")[number: "deleted"])
    }

    /// Publishes content that others publish too, and deletes every third of it again.
    /// - Returns: the paths that were reported published, and were not deleted.
    private func publish(
        _ scratch: Scratch, _ index: Int, until end: ContinuousClock.Instant, _ generator: SeededGenerator
    ) async throws -> Set<String> {
        var random = generator
        var live: Set<String> = []
        // On a busy machine the time may be over before anything is published.
        for round in 0..<100_000 where ContinuousClock.now < end || (live.isEmpty && round < 20) {
            let path = "p\(index)/\(round)"
            let isStopped = Int.random(in: 0..<3, using: &random) == 0
            let delay = isStopped ? Int.random(in: 0..<30, using: &random) : nil
            let text = "content \(Int.random(in: 0..<5, using: &random))"
            guard try await Self.push(scratch, path, text, stoppedAfter: delay) else { continue }
            live.insert(path)
            guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
            live.remove(path)
            try await scratch.run("rm", "npm", path).succeeded()
        }
        return live
    }

    /// - Returns: whether it was reported published.
    private static func push(
        _ scratch: Scratch, _ path: String, _ text: String, stoppedAfter milliseconds: Int?
    ) async throws -> Bool {
        let process = try scratch.start("push", "npm", "-", "--as", path)
        await Tool.blocking { writeAll(Array(text.utf8), to: process.input) }
        // From about here on it is between its staging and its report.
        _ = try await KilledTests.becomesTrue {
            (try? scratch.files("root/feeds/npm/staging"))?.isEmpty == false
        }
        process.closeInput()
        if let milliseconds {
            let deadline = ContinuousClock.now + .seconds(5)
            try await Task.sleep(for: .milliseconds(milliseconds))
            process.signal(SIGSTOP)
            while ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(100)) }
            process.signal(SIGCONT)
        }
        return await Tool.finish(process).status == 0
    }
}

/// How much collections have removed.
private final class Freed: Sendable {
    private let state = Mutex<Int64>(0)
    var count: Int64 { state.withLock { $0 } }
    func add(_ removed: Int64) { state.withLock { $0 += removed } }
}

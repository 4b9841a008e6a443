import BlobStore
import FoundationEssentials
import Glibc
import Testing

/// Publishers, some of them stopped for longer than the grace period, deleters, and collections in a loop, each a
/// process of its own.
@Suite struct StoppedTests {
    private static let seconds = Endurance.seconds ?? 8
    private static let publishers = 4

    @Test("collecting in a loop loses nothing that was reported published, and frees what is garbage")
    func loop() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("feed", "set", "npm", "--grace", "2s").succeeded()
        let end = ContinuousClock.now + .seconds(Self.seconds)
        let seeds = Endurance.generator("stopped publishers")
        let live = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for index in 0..<Self.publishers {
                var random = seeds
                for _ in 0...index { _ = random.next() }
                let own = SeededGenerator(seed: random.next())
                group.addTask { try await publish(scratch, index, until: end, own) }
            }
            group.addTask {
                while ContinuousClock.now < end { try await Self.collect(scratch) }
                return []
            }
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(!live.isEmpty)
        let listed = Set(try await scratch.run("ls", "npm", "--names").succeeded().output.split(separator: "\n"))
        #expect(live.isSubset(of: listed.map(String.init)))
        let check = try await scratch.json("check", "--content", "all")
        #expect(check.status == 0, "\(check.output) \(check.errors)")
        for path in live { try await scratch.run("rm", "npm", path).succeeded() }
        let isEmpty = try await KilledTests.becomesTrue {
            try await Self.collect(scratch)
            return try scratch.files("root/feeds/npm/blobs").isEmpty && scratch.files("root/feeds/npm/retired").isEmpty
        }
        // What was reported unpublished, and what a publisher wrote without reporting it, may be named still.
        let left = try await scratch.run("ls", "npm", "--names").succeeded().output
        #expect(isEmpty || !left.isEmpty)
    }

    private static func collect(_ scratch: Scratch) async throws {
        try await scratch.run("gc", "npm", "--delete", "--max-delete", "100%").succeeded()
    }

    /// Publishes content that others publish too, and deletes every third of it again.
    /// - Returns: the paths that were reported published, and were not deleted.
    private func publish(
        _ scratch: Scratch, _ index: Int, until end: ContinuousClock.Instant, _ generator: SeededGenerator
    ) async throws -> Set<String> {
        var random = generator
        var live: Set<String> = []
        for round in 0..<100_000 where ContinuousClock.now < end {
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

import BlobStore
import FoundationEssentials
import Glibc
import Testing

@Suite("Upkeep that is killed at any moment is completed by the same command", .serialized)
struct KilledTests {
    private static let kills = Endurance.seconds == nil ? 1 : 20

    /// A feed of 80 packages, of which every fourth shares its content with the one before.
    private func scene() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("feed", "set", "npm", "--grace", "0s").succeeded()
        let content = String(repeating: "0123456789abcdef", count: 4_096)
        for number in 0..<80 { try scratch.write("tree/pkg/\(number)", content + "\(number - number % 4 / 3)") }
        try await scratch.run("import", "npm", "tree").succeeded()
        return scratch
    }

    /// Starts a command and kills it as soon as so many files stand in a folder; it may be over before.
    private func kill(_ scratch: Scratch, _ arguments: [String], when count: Int, in folder: String) async throws {
        try await kill(scratch, arguments) { ((try? scratch.files(folder).count) ?? 0) >= count }
    }

    /// Starts a command and kills it as soon as something is so; it may be over before.
    private func kill(_ scratch: Scratch, _ arguments: [String], when isTime: () -> Bool) async throws {
        let process = try Tool.start(arguments, environment: ["BLOBSTORE_ROOT": scratch.root], directory: scratch.path)
        process.closeInput()
        async let output = Tool.blocking { process.collect() }
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if isTime() || Self.isOver(process) { break }
            try await Task.sleep(for: .milliseconds(1))
        }
        process.signal(SIGKILL)
        _ = await output
        _ = await Tool.blocking { process.wait() }
    }

    /// Whether a process has ended and nobody has waited for it yet.
    /// - Source: proc_pid_stat(5).
    private static func isOver(_ process: SpawnedProcess) -> Bool {
        guard let stat = try? Data(contentsOf: URL(filePath: "/proc/\(process.pid)/stat")) else { return true }
        return String(decoding: stat, as: UTF8.self).contains(") Z ")
    }

    private func expectWhole(_ scratch: Scratch, _ packages: String, _ place: Comment) async throws {
        #expect(try await scratch.run("ls", "npm", "--names").succeeded().output == packages, place)
        let check = try await scratch.json("check", "--content", "all")
        #expect(check.status == 0, "\(place): \(check.output) \(check.errors)")
    }

    @Test("migrate")
    func migrate() async throws {
        var random = Endurance.generator("killed migrations")
        let scratch = try await scene()
        let packages = try await scratch.run("ls", "npm", "--names").succeeded().output
        let command = ["migrate", "npm", "--to", scratch.path + "/moved"]
        for round in 0..<Self.kills {
            try await kill(scratch, command, when: Int.random(in: 1..<150, using: &random), in: "moved")
            try await expectWhole(scratch, packages, "killed \(round + 1) times")
        }
        try await scratch.run("migrate", "npm", "--to", scratch.path + "/moved").succeeded()
        #expect(try await scratch.json("explain", "npm").succeeded().output.contains("moved"))
        try await expectWhole(scratch, packages, "completed")
    }

    @Test("migrate --server")
    func migrateServer() async throws {
        var random = Endurance.generator("killed migrations of a server root")
        let scratch = try await scene()
        for feed in ["a", "b", "c"] {
            try await scratch.run("feed", "create", feed).succeeded()
            try await scratch.run("promote", "npm", "pkg/1", feed).succeeded()
        }
        let packages = try await scratch.run("ls", "npm", "--names").succeeded().output
        let command = ["migrate", "--server", "--to", scratch.path + "/moved"]
        for round in 0..<Self.kills + 2 {
            try await kill(scratch, command, when: Int.random(in: 1..<180, using: &random), in: "moved")
            try await expectWhole(scratch, packages, "killed \(round + 1) times")
        }
        try await scratch.run("migrate", "--server", "--to", scratch.path + "/moved").succeeded()
        try await scratch.run("migrate", "--server", "--delete-source").succeeded()
        try await expectWhole(scratch, packages, "completed")
        let feeds = try await scratch.run("feed", "list", "--root", scratch.path + "/moved").succeeded()
        for feed in ["a", "b", "c", "npm"] { #expect(feeds.output.contains("\(scratch.path)/moved/feeds/\(feed)")) }
        #expect(!feeds.errors.contains("taken over"))
        #expect(try scratch.files("root/feeds").filter { !$0.hasSuffix("/root.json") }.isEmpty)
    }

    @Test("migrate --delete-source")
    func deleteSource() async throws {
        var random = Endurance.generator("killed deletions of a source")
        for round in 0..<Self.kills {
            let scratch = try await scene()
            let packages = try await scratch.run("ls", "npm", "--names").succeeded().output
            try await scratch.run("migrate", "npm", "--to", scratch.path + "/moved").succeeded()
            let source = "root/feeds/npm"
            let all = try scratch.files(source).count
            let command = ["migrate", "npm", "--delete-source"]
            let left = all - Int.random(in: 0..<all / 2, using: &random)
            try await kill(scratch, command) { ((try? scratch.files(source).count) ?? 0) < left }
            try await expectWhole(scratch, packages, "killed while deleting the source, round \(round)")
            // It may have been over, or before its first step: then there is nothing, or all of it, to do.
            let again = try await Tool.run(
                command, environment: ["BLOBSTORE_ROOT": scratch.root], directory: scratch.path)
            #expect(again.status == 0 || again.errors.contains("no former root"), "\(again.errors)")
            #expect(((try? scratch.files(source)) ?? []).filter { $0 != "root.json" }.isEmpty)
            try await expectWhole(scratch, packages, "completed, round \(round)")
        }
    }

    @Test("gc")
    func collect() async throws {
        var random = Endurance.generator("killed collections")
        let scratch = try await scene()
        for number in stride(from: 0, to: 80, by: 2) {
            try await scratch.run("rm", "npm", "pkg/\(number)").succeeded()
        }
        let packages = try await scratch.run("ls", "npm", "--names").succeeded().output
        let command = ["gc", "npm", "--delete", "--max-delete", "100%"]
        for round in 0..<Self.kills + 2 {
            try await kill(
                scratch, command, when: Int.random(in: 1..<40, using: &random), in: "root/feeds/npm/retired")
            try await expectWhole(scratch, packages, "killed \(round + 1) times")
        }
        // A tombstone is expired, and a retired blob settled, when its age in whole seconds is over 0.
        let isDone = try await Self.becomesTrue {
            try await Tool.run(
                command, environment: ["BLOBSTORE_ROOT": scratch.root], directory: scratch.path
            ).succeeded()
            let retired = (try? scratch.files("root/feeds/npm/retired").count) ?? 0
            return try retired == 0 && scratch.files("root/feeds/npm/blobs").count <= 40
        }
        #expect(isDone)
        try await expectWhole(scratch, packages, "completed")
    }

    @Test("repair")
    func repair() async throws {
        var random = Endurance.generator("killed repairs")
        let scratch = try await scene()
        let packages = try await scratch.run("ls", "npm", "--names").succeeded().output
        try await scratch.run("migrate", "npm", "--to", scratch.path + "/moved").succeeded()
        let blobs = try scratch.files("moved/blobs").shuffled(using: &random).prefix(20)
        for blob in blobs {
            var text = try #require(scratch.read("moved/blobs/\(blob)"))
            text.replaceSubrange(text.startIndex...text.startIndex, with: "X")
            try scratch.overwrite("moved/blobs/\(blob)", text)
        }
        #expect(try await scratch.run("check", "--content", "all").status == 1)
        let command = ["repair", "npm", "--from", scratch.place("npm")]
        for _ in 0..<Self.kills + 2 {
            try await kill(scratch, command, when: Int.random(in: 1..<40, using: &random), in: "moved/quarantine")
        }
        try await Tool.run(
            command, environment: ["BLOBSTORE_ROOT": scratch.root], directory: scratch.path
        ).succeeded()
        #expect(try await scratch.run("ls", "npm", "--names").succeeded().output == packages)
        let check = try await scratch.json("check", "--content", "all")
        // What is in quarantine stays a warning.
        #expect(check.status == 0 && check.output.contains("quarantined"), "\(check.output)")
        let kept = try scratch.files("moved/quarantine").filter { !$0.hasSuffix(".json") }
        #expect(kept.count >= 20)
    }

    static func becomesTrue(_ condition: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }
}

extension Scratch {
    /// Changes a file's bytes in place, as a bad disk does.
    func overwrite(_ name: String, _ text: String) throws {
        guard let file = fopen("\(path)/\(name)", "r+") else { throw SpawnedProcess.Failure(errno: errno) }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        fwrite(bytes, 1, bytes.count, file)
    }
}

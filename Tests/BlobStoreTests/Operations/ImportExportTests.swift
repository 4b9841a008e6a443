import BlobStoreTesting
import Glibc
import LocalFiles
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite struct ImportExportTests {
    private func importing(
        _ folder: String, into feed: Feed, _ change: (inout PublishOperation.Options) -> Void = { _ in }
    ) async throws -> (summary: PublishOperation.Summary, failures: [String: StoreError.Code]) {
        var options = PublishOperation.Options(PublicationDetails(by: "importer"), jobs: 8)
        change(&options)
        let failures = Mutex<[String: StoreError.Code]>([:])
        let summary = try await PublishOperation(.tree(folder), into: feed, options) { event in
            if case .failed(let name, let error) = event { failures.withLock { $0[name.description] = error.code } }
        }.run()
        return (summary, failures.withLock { $0 })
    }

    @Test("files are reported every few seconds: in large batches where they are done fast, in small ones where not")
    func batches() {
        var size = BatchSize()
        #expect(size.count == 64)
        for _ in 0..<10 { size.learn(from: .milliseconds(100)) }
        #expect(size.count == 1_024)
        size.learn(from: .seconds(2))
        #expect(size.count == 1_024)
        for _ in 0..<10 { size.learn(from: .seconds(30)) }
        #expect(size.count == 64)
    }

    @Test("in a bucket the files behind a batch do not wait for its slowest one")
    func overlap() async throws {
        let bench = try await Bench(onBuckets: true)
        _ = try await bench.feed("npm", root: "/memory/a")
        let url = try RootURL("/memory/a")
        let folder = TemporaryFolder()
        for number in 0..<200 { folder.write("p\(number)", Array("content \(number)".utf8)) }
        let begun = Mutex(0)
        let others = Mutex(0)
        let slowest: @Sendable () async -> Void = {
            let deadline = ContinuousClock.now + .seconds(60)
            while begun.withLock({ $0 }) <= BatchSize().count, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(1))
            }
            others.withLock { $0 = begun.withLock { $0 } }
        }
        let plan = FaultPlan { operation, key, _ in
            guard operation == .writeRecord, key?.hasPrefix("packages/") == true else { return nil }
            let number = begun.withLock { begun in
                begun += 1
                return begun
            }
            return number == 1 ? .late(after: slowest) : nil
        }
        bench.opener.replace(url, with: FaultStorage(try #require(bench.opener[url]), plan: plan))
        let feed = try await bench.reopened().feed("npm")
        #expect(try await importing(folder.path, into: feed) { $0.jobs = nil }.summary.published == 200)
        #expect(others.withLock { $0 } > BatchSize().count)
    }

    @Test("a random tree comes out of an export as it went into the import")
    func randomTrees() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let source = TemporaryFolder(), target = TemporaryFolder()
        let names = [
            "a", "B", "c d", "é", "e\u{301}", "x+y", "@scope", "con", "日本", "p.json", "~", "%41", ".hidden", "z.",
        ]
        var files: [String: [UInt8]] = [:]
        for _ in 0..<150 {
            let depth = Int.random(in: 0...3, using: &random)
            let folders = (0..<depth).map { _ in (names.randomElement(using: &random) ?? "a") + "_" }
            let name = (folders + [(names.randomElement(using: &random) ?? "a") + ".f"]).joined(separator: "/")
            let size = [0, 1, 100, 5_000, 1 << 20, (1 << 20) + 1].randomElement(using: &random) ?? 0
            files[name] = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed & 0xFF)) }
        }
        for (name, bytes) in files { source.write(name, bytes) }
        let feed = try await Bench().feed()
        let first = try await importing(source.path, into: feed)
        #expect(first.failures.isEmpty, "seed \(seed)")
        #expect(first.summary.published == Int64(files.count), "seed \(seed)")
        #expect(try await importing(source.path, into: feed).summary.unchanged == Int64(files.count))
        let exported = try await ExportOperation(feed, to: target.path) { _ in }.run()
        #expect(exported.exported == Int64(files.count))
        for (name, bytes) in files { #expect(target.read(name) == bytes, "seed \(seed): \(name)") }
        #expect(try await ExportOperation(feed, to: target.path) { _ in }.run().unchanged == Int64(files.count))
    }

    @Test("what cannot be taken is reported, and the rest is taken")
    func failures() async throws {
        let folder = TemporaryFolder()
        folder.write("good", [1])
        folder.write(String(repeating: "L", count: 150), [1])
        folder.write("taken", [2])
        mkfifo(folder.path + "/pipe", 0o666)
        symlink("good", folder.path + "/link")
        symlink("nowhere", folder.path + "/dangling")
        let bad = Array((folder.path + "/b").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
        close(open(bad, O_CREAT | O_WRONLY, 0o666))
        let feed = try await Bench().feed()
        try await feed.publish("other", at: "taken")
        let result = try await importing(folder.path, into: feed)
        #expect(result.summary.published == 1)
        #expect(result.summary.failed == 6)
        #expect(result.failures["pipe"] == .sourceFailed)
        #expect(result.failures["link"] == .sourceFailed)
        #expect(result.failures["taken"] == .alreadyExists)
        #expect(result.failures[String(repeating: "L", count: 150)] == .invalidKey)
        let followed = try await importing(folder.path, into: feed) { $0.followsLinks = true }
        #expect(followed.failures["link"] == nil && followed.failures["dangling"] == .notFound)
    }

    @Test("a dry run publishes nothing, and says what would be done")
    func dryRun() async throws {
        let folder = TemporaryFolder()
        folder.write("a", [1])
        folder.write("b", [2])
        let feed = try await Bench().feed()
        _ = try await feed.publish(ObjectSource([1]).read(), at: PackagePath("a"), by: "x")
        let result = try await importing(folder.path, into: feed) { $0.isDryRun = true }
        #expect(result.summary.published == 1 && result.summary.unchanged == 1)
        #expect(try await feed.listing() == ["a"])
    }

    @Test("an export keeps what is there with other content, and leaves no file of damaged content")
    func exportConflicts() async throws {
        let folder = TemporaryFolder()
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("mine", at: "a")
        let bad = try await feed.publish("good", at: "b")
        let storage = try await bench.storage(feed)
        try await storage.removeObject(FeedLayout.blob(bad.digest))
        _ = try await storage.writeObject(FeedLayout.blob(bad.digest), ObjectSource(Array("evil".utf8)))
        folder.write("a", [9])
        let failures = Mutex<[String: StoreError.Code]>([:])
        let summary = try await ExportOperation(feed, to: folder.path) { event in
            if case .failed(let path, let error) = event { failures.withLock { $0[path] = error.code } }
        }.run()
        #expect(summary.failed == 2)
        #expect(failures.withLock { $0 } == ["a": .alreadyExists, "b": .corrupt])
        #expect(folder.read("a") == [9] && folder.read("b") == nil)
    }

    @Test("a name that begins with a letter which combines with the slash before it is exported and imported")
    func combining() async throws {
        let folder = TemporaryFolder()
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("mine", at: "a/\u{301}b")
        let summary = try await ExportOperation(feed, to: folder.path) { _ in }.run()
        #expect(summary.exported == 1 && summary.failed == 0)
        #expect(folder.read("a/\u{301}b") == Array("mine".utf8))
        let (imported, failures) = try await importing(folder.path, into: feed)
        #expect(imported.unchanged == 1 && failures.isEmpty)
    }

    @Test("a directory that is not there is one error")
    func noDirectory() async throws {
        let feed = try await Bench().feed()
        await expectError(.notFound) { try await importing("/nonexistent/tree", into: feed) }
    }

    @Test("an import that is cancelled between two batches does not claim to be complete")
    func cancelled() async throws {
        let folder = TemporaryFolder()
        folder.write("a", [1])
        let feed = try await Bench().feed()
        let options = PublishOperation.Options(PublicationDetails(by: "x"))
        let cancel = Mutex<(@Sendable () -> Void)?>(nil)
        let importing = Task {
            try await PublishOperation(.tree(folder.path), into: feed, options) { event in
                guard case .published = event else { return }
                let deadline = ContinuousClock.now + .seconds(60)
                while cancel.withLock({ $0 == nil }), ContinuousClock.now < deadline {}
                cancel.withLock { $0 }?()
            }.run()
        }
        cancel.withLock { $0 = { importing.cancel() } }
        await expectError(.cancelled) { try await importing.value }
    }
}

import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("Old versions go by the rules of a feed")
struct RetainTests {
    private let bench: Bench
    private let feed: Feed
    private static let place = "/memory/npm"

    init() async throws {
        bench = try await Bench()
        feed = try await bench.feed(root: Self.place)
    }

    /// Publishes packages with times of publication, in seconds.
    private func put(_ packages: KeyValuePairs<String, Int64>) async throws {
        let storage = try await bench.storage(feed)
        for (path, seconds) in packages {
            try await feed.publish(path, at: path)
            let key = try PackagePath(path).key
            let stored: Stored<PackageRecord> = try #require(try await storage.document(key))
            var next = stored.body
            next.published = Timestamp(seconds: seconds)
            _ = try await storage.replace(key, stored, with: next)
        }
    }

    private struct Outcome {
        var summary = RetainOperation.Summary()
        var expired: [String] = []
        var left: [String] = []
    }

    private func run(_ rules: String..., deletes: Bool = true, of feed: Feed? = nil) async throws -> Outcome {
        let (expired, left) = (Collected<String>(), Collected<String>())
        let options = try RetainOperation.Options(
            rules: rules.isEmpty ? nil : rules.map { try RetentionRule($0) }, deletes: deletes, by: "retention (tester)"
        )
        let summary = try await RetainOperation(feed ?? self.feed, options) { event in
            switch event {
            case .expired(let package): expired.add(package.record.path.text)
            case .failed(let thing, _): left.add(thing)
            case .progress, .reached: break
            }
        }.run()
        return Outcome(summary: summary, expired: expired.all.sorted(), left: left.all)
    }

    private func present() async throws -> [String] {
        try await feed.packages().flattened().map(\.path.text)
    }

    @Test("the newest children of a folder stay, a folder is as new as the latest package in it, and all of it goes")
    func newest() async throws {
        try await put([
            "m/app/1/a.jar": 10, "m/app/1/a.pom": 11, "m/app/2/a.jar": 5, "m/app/2/a.pom": 40, "m/app/3/a.jar": 30,
            "m/app/index": 1, "m/lib/1/a": 1, "m/lib/2/a": 2, "other/1/a": 1, "top": 1,
        ])
        let preview = try await run("m/*=2", deletes: false)
        #expect(preview.expired == ["m/app/1/a.jar", "m/app/1/a.pom", "m/app/index"] && preview.summary.expired == 3)
        #expect(try await present().count == 10)
        let done = try await run("m/*=2")
        #expect(done.expired == preview.expired && done.summary == preview.summary)
        #expect(done.summary.bytes == Int64("m/app/1/a.jarm/app/1/a.pomm/app/index".utf8.count))
        #expect(
            try await present() == ["m/app/2/a.jar", "m/app/2/a.pom", "m/app/3/a.jar", "m/lib/1/a", "m/lib/2/a"]
                + ["other/1/a", "top"])
        #expect(try await feed.log(PackagePath("m/app/index")).first?.deleted?.by == "retention (tester)")
        // What is deleted is no child any more, so the next run has nothing to do.
        #expect(try await run("m/*=2").expired == [])
    }

    @Test("what a rule deleted is brought back by restore, and stays, beside those that are kept")
    func restored() async throws {
        try await put(["a/1": 1, "a/2": 2, "a/3": 3])
        #expect(try await run("a=1").expired == ["a/1", "a/2"])
        try await feed.restore(PackagePath("a/1"), by: "alice")
        #expect(try await run("a=1").expired == [])
        #expect(try await present() == ["a/1", "a/3"])
        #expect(try await feed.text(at: "a/1") == "a/1")
    }

    @Test("of children of the same time as the last one that stays, all stay")
    func ties() async throws {
        try await put(["a/1": 5, "a/2": 5, "a/3": 5, "a/4": 4, "a/5": 9])
        #expect(try await run("a=2").expired == ["a/4"])
    }

    @Test("a time in the future is a wrong clock: its child stays, and takes no other's place")
    func future() async throws {
        try await put(["a/1": 1, "a/2": 2, "a/3": Timestamp.now.seconds + 86_400, "a/4": 3])
        #expect(try await run("a=2").expired == ["a/1"])
    }

    @Test("of rules for the same folder the one that keeps most counts; of folders in each other, each must let go")
    func overlapping() async throws {
        try await put(["a/x/1": 1, "a/x/2": 2, "a/x/3": 3, "a/y/1": 7, "a/y/2": 8, "a/z/1": 9, "top": 0])
        #expect(try await run("a/*=1", "*/x=2", deletes: false).expired == ["a/x/1", "a/y/1"])
        // x alone may go from a, and in x the newest stays.
        #expect(try await run("a=2", "a/*=1", deletes: false).expired == ["a/x/1", "a/x/2"])
        #expect(try await run("a/**=2", deletes: false).expired == ["a/x/1"])
        // No pattern names the top, so the package there stays.
        #expect(try await run("**=1", deletes: false).expired == ["a/x/1", "a/x/2", "a/y/1"])
        #expect(try await run("a=2").expired == ["a/x/1", "a/x/2", "a/x/3"])
    }

    @Test("of a folder with a record that cannot be read nothing goes, that is told, and the others are gone through")
    func unreadable() async throws {
        try await put(["a/1/f": 1, "a/2/f": 2, "a/2/g": 2, "b/1/f": 1, "b/2/f": 2])
        try await bench.storage(feed).garble(PackagePath("a/2/g").key)
        let done = try await run("*=1")
        #expect(done.left == ["a/"] && done.summary.skipped == 1 && !done.summary.isComplete)
        #expect(done.expired == ["b/1/f"])
    }

    /// The feed, on a storage that does something else at some operations.
    private func feed(_ plan: @escaping FaultPlan.Decision) async throws -> Feed {
        let inner = try await bench.storage(feed)
        try bench.opener.replace(RootURL(Self.place), with: FaultStorage(inner, plan: FaultPlan(plan)))
        return try await bench.reopened().feed("npm")
    }

    @Test("a folder whose listing fails is left alone and told; a listing of all paths that fails ends the run")
    func failedListing() async throws {
        try await put(["a/1/f": 1, "a/2/f": 2, "b/1/f": 1, "b/2/f": 2])
        let error = StoreError(.failed, "the disk answers with an error")
        let lists = Mutex(0)
        let fails = { @Sendable (operation: StorageOperation, occurrence: Int) in
            operation == .list
                && lists.withLock {
                    $0 += 1; return $0 == occurrence
                }
        }
        // The first listing is of all paths, the second of a/.
        let broken = try await feed { operation, _, _ in fails(operation, 2) ? .before(error) : nil }
        let done = try await run("*=1", of: broken)
        #expect(done.left == ["a/"] && done.expired == ["b/1/f"] && done.summary.skipped == 1)
        lists.withLock { $0 = 0 }
        let blind = try await feed { operation, _, _ in fails(operation, 1) ? .cutOff(after: 2, error) : nil }
        await expectError(.failed) { _ = try await run("*=1", of: blind) }
        #expect(try await present() == ["a/1/f", "a/2/f", "b/2/f"])
    }

    @Test("what is published again after the look stays, and so does what is with it in its folder")
    func republished() async throws {
        try await put(["a/1/f": 1, "a/1/g": 1, "a/2/f": 2, "a/3/f": 3])
        _ = try await bench.store.updateFeed(feed.name, FeedPolicy(mutable: true))
        let free = feed
        let looks = Mutex(0)
        let first = try PackagePath("a/1/f").key.text
        // The first look is at all of a/, the second at a/1/ alone.
        let raced = try await feed { operation, key, _ in
            guard operation == .readRecords, key == first,
                looks.withLock({
                    $0 += 1; return $0
                }) == 2
            else { return nil }
            return .late { _ = try? await free.publish("new", at: "a/1/g") }
        }
        let done = try await run("a=1", of: raced)
        #expect(done.expired == ["a/2/f"] && done.summary.changed == 1 && done.summary.isComplete)
        #expect(try await free.text(at: "a/1/g") == "new")
        #expect(try await free.text(at: "a/1/f") == "a/1/f")
    }

    @Test(
        "what is published again, or annotated, at the last moment stays: its revision is not the one that was seen",
        arguments: [true, false])
    func lastMoment(_ annotates: Bool) async throws {
        try await put(["a/1": 1, "a/2": 2])
        _ = try await bench.store.updateFeed(feed.name, FeedPolicy(mutable: true))
        let free = feed
        let writes = Mutex(0)
        let key = try PackagePath("a/1").key.text
        let raced = try await feed { operation, name, _ in
            guard operation == .writeRecord, name == key,
                writes.withLock({
                    $0 += 1; return $0
                }) == 1
            else { return nil }
            return .late {
                guard let path = try? PackagePath("a/1") else { return }
                if annotates {
                    _ = try? await free.annotate(path) { $0["seen"] = "yes" }
                } else {
                    _ = try? await free.publish("new", at: "a/1")
                }
            }
        }
        let done = try await run("a=1", of: raced)
        #expect(writes.withLock { $0 } > 0)
        #expect(done.expired == [] && done.summary.changed == 1 && done.summary.failed == 0)
        #expect(try await free.package(at: PackagePath("a/1")) != nil)
    }

    @Test("a run stops where the feed's rules are changed meanwhile, and needs a rule to begin")
    func changedRules() async throws {
        try await put(["a/1": 1, "a/2": 2, "b/1": 1, "b/2": 2])
        await expectError(.invalidArgument) { _ = try await run() }
        _ = try await bench.store.updateFeed(feed.name, FeedPolicy(retain: [RetentionRule("*=1")]))
        let (store, name) = (bench.store, feed.name)
        let key = try PackagePath("a/1").key.text
        let raced = try await feed { operation, written, _ in
            guard operation == .writeRecord, written == key else { return nil }
            return .late { _ = try? await store.updateFeed(name, FeedPolicy(retain: [])) }
        }
        await expectError(.preconditionFailed) { _ = try await run(of: raced) }
        #expect(try await present() == ["a/2", "b/1", "b/2"])
    }

    @Test("a run goes on behind what a former one has reached, which is never within a folder")
    func reached() async throws {
        try await put(["a/1": 1, "a/2": 2, "b": 1, "c/1": 1, "c/2": 2])
        let reached = Collected<String>()
        let options = try RetainOperation.Options(rules: [RetentionRule("*=1")], by: "x")
        _ = try await RetainOperation(feed, options) { event in
            if case .reached(let path, _) = event { reached.add(path.text) }
        }.run()
        #expect(reached.all.last == "c/2" && !reached.all.contains("a/1") && !reached.all.contains("c/1"))
        var rest = options
        rest.after = try PackagePath("b")
        let expired = Collected<String>()
        _ = try await RetainOperation(feed, rest) { event in
            if case .expired(let package) = event { expired.add(package.record.path.text) }
        }.run()
        #expect(expired.all == ["c/1"])
    }

    @Test("a rule is read as it is written", arguments: ["npm/*=10", "a=b/**=1", "**=1000000"])
    func rules(_ text: String) throws {
        #expect(try RetentionRule(text).description == text)
    }

    @Test(
        "what is no rule is refused",
        arguments: ["", "npm/*", "npm/*=", "npm/*=0", "npm/*=-1", "=3", "a//b=3", "a=1000001"])
    func flaws(_ text: String) {
        #expect(throws: StoreError.self) { try RetentionRule(text) }
    }
}

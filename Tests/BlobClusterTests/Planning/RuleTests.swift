import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobCluster
@testable import BlobStore

@Suite("What the rules of feeds ask the nodes to do")
struct RuleTests {
    private let places = MemoryPlaces()

    private func store() async throws -> PackageStore {
        try await PackageStore.create(RootURL("/memory/server"), node: NodeName("web-1"), with: places).store
    }

    @Test("a feed about which nobody said anything is verified within 30 days, and its garbage is kept")
    func defaults() async throws {
        let store = try await store()
        _ = try await store.createFeed(FeedName("npm"))
        let schedules = try await FeedRules(store).schedules()
        #expect(schedules.map(\.name) == ["check-npm"] && schedules[0].interval == .seconds(86_400))
        let level = try ContentLevel(arguments: schedules[0].arguments)
        #expect(level == .due(within: .seconds(30 * 86_400), every: .seconds(86_400)))
        #expect(schedules[0].arguments["feed"] == "npm")
    }

    @Test(
        "a feed chooses its period, none at all, and whether garbage is freed: once in a grace period, weekly at least")
    func chosen() async throws {
        let store = try await store()
        let policies = [
            "hourly": FeedPolicy(graceSeconds: 60, verifySeconds: 3_600, collects: true),
            "never": FeedPolicy(verifySeconds: 0), "slow": FeedPolicy(graceSeconds: 90 * 86_400, collects: true),
        ]
        for (name, policy) in policies { _ = try await store.createFeed(FeedName(name), policy) }
        let schedules = try await FeedRules(store).schedules()
        let intervals = Dictionary(uniqueKeysWithValues: schedules.map { ($0.name, $0.interval) })
        #expect(
            intervals == [
                "check-hourly": .seconds(3_600), "gc-hourly": .seconds(3_600), "check-slow": .seconds(86_400),
                "gc-slow": .seconds(7 * 86_400),
            ])
        _ = try await store.updateFeed(FeedName("slow"), FeedPolicy(collects: false))
        #expect(try await !FeedRules(store).schedules().map(\.name).contains("gc-slow"))
        await expectError(.invalidArgument) {
            try await store.updateFeed(FeedName("slow"), FeedPolicy(verifySeconds: 60))
        }
    }

    @Test("old versions are deleted once a day in a feed that says which stay, and in no other")
    func retention() async throws {
        let store = try await store()
        _ = try await store.createFeed(FeedName("npm"), FeedPolicy(verifySeconds: 0, retain: [RetentionRule("*=10")]))
        let schedules = try await FeedRules(store).schedules()
        #expect(schedules.map(\.name) == ["retention-npm"] && schedules[0].interval == .seconds(86_400))
        #expect(schedules[0].kind == "retention" && schedules[0].arguments == ["feed": "npm"])
        _ = try await store.updateFeed(FeedName("npm"), FeedPolicy(retain: []))
        #expect(try await FeedRules(store).schedules().isEmpty)
    }

    @Test("one feed whose record cannot be read is reported, and the others keep their rules")
    func garbled() async throws {
        let store = try await store()
        for name in ["a", "b", "c"] { _ = try await store.createFeed(FeedName(name)) }
        let key = Catalog.key(try FeedName("b"))
        let record = try #require(try await store.server.storage.readRecord(key))
        _ = try await store.server.storage.writeRecord(key, Array("{".utf8), expecting: .version(record.version))
        let reports = Mutex<[String]>([])
        let rules = FeedRules(store) { event in
            if case .trouble(let what, _) = event { reports.withLock { $0.append(what) } }
        }
        #expect(try await rules.schedules().map(\.name) == ["check-a", "check-c"])
        #expect(reports.withLock { $0 } == ["read the rules of feed b"])
    }

    @Test("each level of content comes back from a job's arguments; what makes no sense is refused")
    func arguments() async throws {
        let levels: [ContentLevel] = [
            .none, .all, .share(percent: 2.5), .subset(part: 3, of: 7), .unverified(.seconds(90)),
            .due(within: .seconds(700), every: .seconds(7)),
        ]
        for level in levels { #expect(try ContentLevel(arguments: CheckRunner.arguments(nil, level)) == level) }
        for arguments in [
            ["content": "some"], ["content": "share"], ["content": "share", "percent": "0"],
            ["content": "subset", "part": "8", "of": "7"], ["content": "due", "seconds": "5"],
            ["content": "unverified", "seconds": "-1"],
        ] {
            await expectError(.invalidArgument) { () async throws in _ = try ContentLevel(arguments: arguments) }
        }
    }
}

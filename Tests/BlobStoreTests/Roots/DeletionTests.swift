import BlobBackends
import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("Deleting a feed")
struct DeletionTests {
    /// Where the feed has its root, and whether it stands on a filesystem.
    struct Place: Sendable, CustomStringConvertible {
        var isOwn: Bool
        var isOnDisk: Bool
        var description: String { "\(isOwn ? "own" : "server") root, \(isOnDisk ? "disk" : "memory")" }

        static let all = [false, true].flatMap { own in [false, true].map { Place(isOwn: own, isOnDisk: $0) } }
    }

    /// A store with a feed that holds two packages, of which one is deleted.
    private final class Scene: Sendable {
        let folder = TemporaryFolder()
        let opener: any StorageOpener
        let url: RootURL
        let root: RootURL?
        let name: FeedName

        init(_ place: Place) async throws {
            let top = place.isOnDisk ? folder.path : "/memory"
            opener = place.isOnDisk ? Backends(threads: 4) : MemoryOpener()
            url = try RootURL("\(top)/server")
            root = place.isOwn ? try RootURL("\(top)/own") : nil
            name = try FeedName("npm")
            _ = try await PackageStore.create(url, node: NodeName("maker"), with: opener)
            try await make()
        }

        func make() async throws {
            let store = try await open()
            _ = try await store.createFeed(name, root: root)
            let feed = try await store.feed(name)
            try await feed.publish("one", at: "a")
            try await feed.publish("two", at: "folder/b")
            try await feed.remove(PackagePath("folder/b"), by: "x")
        }

        func open(_ other: (any StorageOpener)? = nil) async throws -> PackageStore {
            try await PackageStore.open(url, node: NodeName("n"), with: other ?? opener)
        }
    }

    @Test("a refused deletion that is stopped at whichever call leaves the feed in use", arguments: Place.all)
    func refused(_ place: Place) async throws {
        let scene = try await Scene(place)
        for call in 0..<1_000 {
            let stopped = StoppedOpener(scene.opener, stopsAt: call, takesPlace: call % 2 == 0)
            await #expect(throws: StoreError.self) { try await scene.open(stopped).deleteFeed(scene.name) }
            let feed = try await scene.open().feed(scene.name)
            #expect(try await feed.record().state == .active)
            if !stopped.isStopped { break }
        }
        let feed = try await scene.open().feed(scene.name)
        #expect(try await feed.record().epoch == 1)
        #expect(try await feed.publish("three", at: "c").outcome == .created)
    }

    @Test(
        "one that meets a publication and is stopped at whichever call is refused by the same command, and the feed back",
        arguments: Place.all)
    func raced(_ place: Place) async throws {
        let scene = try await Scene(place)
        let first = try await scene.open().feed(scene.name)
        try await first.remove(PackagePath("a"), by: "x")
        for call in 0..<1_000 {
            let racing = Self.publishing(first, at: "late\(call)", under: scene.opener)
            let stopped = StoppedOpener(racing, stopsAt: call, takesPlace: call % 2 == 0)
            await #expect(throws: StoreError.self) { try await scene.open(stopped).deleteFeed(scene.name) }
            let store = try await scene.open()
            let wasMarked = try await store.feed(scene.name).record().state == .deleting
            if wasMarked {
                await expectError(.alreadyExists) { try await store.deleteFeed(scene.name) }
            }
            let feed = try await store.feed(scene.name)
            let record = try await feed.record()
            #expect(record.state == .active && record.deletion == nil)
            _ = try? await feed.remove(PackagePath("late\(call)"), by: "x")
            if !stopped.isStopped { return }
        }
        Issue.record("the deletion never came to its end")
    }

    /// As `opener`; but whoever marks the feed as being deleted was overtaken by a publication.
    private static func publishing(
        _ feed: Feed, at path: String, under opener: any StorageOpener
    ) -> any StorageOpener {
        Faulty(opener) { operation, key, _ in
            guard operation == .writeRecord && key == "catalog/npm.json" else { return nil }
            return .late { _ = try? await feed.publish("late", at: path) }
        }
    }

    @Test("a purge that is stopped at whichever call is completed by the same command", arguments: Place.all)
    func purged(_ place: Place) async throws {
        let scene = try await Scene(place)
        for call in 0..<1_000 {
            let stopped = StoppedOpener(scene.opener, stopsAt: call, takesPlace: call % 2 == 0)
            do { try await scene.open(stopped).deleteFeed(scene.name, purge: true) } catch is StoreError {}
            let store = try await scene.open()
            if try await !store.feeds().flattened().isEmpty { try await Self.check(store) }
            do throws(StoreError) { try await store.deleteFeed(scene.name, purge: true) } catch {
                #expect(error.code == .notFound, "call \(call): \(error)")
            }
            await expectError(.notFound) { try await store.feed(scene.name) }
            try await scene.make()
            #expect(try await scene.open().feed(scene.name).text(at: "a") == "one")
            if !stopped.isStopped { return }
        }
        Issue.record("the deletion never came to its end")
    }

    /// Expects that a feed which is going is told, and neither damage nor a gap.
    private static func check(_ store: PackageStore) async throws {
        let findings = Mutex<[Finding]>([])
        let summary = try await CheckOperation(store, .init()) { event in
            if case .finding(let finding) = event { findings.withLock { $0.append(finding) } }
        }.run()
        let isGoing = try await store.feed("npm").record().state == .deleting
        #expect(summary.complete && summary.errors == 0, "\(findings.withLock { $0 })")
        #expect(findings.withLock { $0.contains { $0.kind == .unfinished } } == isGoing)
    }

    @Test("two refused deletions at once leave the feed as it was")
    func twice() async throws {
        let scene = try await Scene(Place(isOwn: false, isOnDisk: true))
        let (one, two) = (try await scene.open(), try await scene.open())
        async let first: Void = expectError(.alreadyExists) { try await one.deleteFeed(scene.name) }
        async let second: Void = expectError(.alreadyExists) { try await two.deleteFeed(scene.name) }
        _ = await (first, second)
        #expect(try await scene.open().feed(scene.name).record().state == .active)
    }

    @Test("one that is cancelled once it has marked the feed goes back before it ends")
    func cancelled() async throws {
        let scene = try await Scene(Place(isOwn: false, isOnDisk: true))
        let feed = try await scene.open().feed(scene.name)
        try await feed.remove(PackagePath("a"), by: "x")
        let work = Mutex<Task<Void, any Error>?>(nil)
        let cancelling = Faulty(scene.opener) { operation, key, _ in
            guard operation == .writeRecord && key == "catalog/npm.json" else { return nil }
            return .late { work.withLock { $0?.cancel() } }
        }
        let store = try await scene.open(cancelling)
        work.withLock { work in work = Task { try await store.deleteFeed(scene.name) } }
        await expectError(.cancelled) { try await work.withLock { $0 }?.value }
        #expect(try await feed.record().state == .active)
    }

    @Test("one that has deleted nothing yet is given up, and whoever was at it finds out")
    func aborted() async throws {
        let scene = try await Scene(Place(isOwn: false, isOnDisk: true))
        let other = try await scene.open()
        let isFirst = Mutex(true)
        let paused = Faulty(scene.opener) { operation, key, _ in
            guard operation == .writeRecord && key == "catalog/npm.json" else { return nil }
            // Before the second: the step in which things go.
            if isFirst.withLock({ first in
                defer { first = false }; return first
            }) {
                return nil
            }
            return .late {
                do { _ = try await other.abortDeletion(of: scene.name) } catch { Issue.record("\(error)") }
            }
        }
        await expectError(.preconditionFailed) { try await scene.open(paused).deleteFeed(scene.name, purge: true) }
        #expect(try await other.feed(scene.name).text(at: "a") == "one")
        await expectError(.notFound) { try await other.abortDeletion(of: scene.name) }
    }

    @Test("a mark that an older version left is given up too, and completed by --purge")
    func olderMark() async throws {
        let scene = try await Scene(Place(isOwn: false, isOnDisk: true))
        let store = try await scene.open()
        let mark = { @Sendable in
            _ = try await store.catalog.update(scene.name) { record in
                var next = record
                next.change(to: .deleting, root: record.root, id: record.id)
                return next
            }
        }
        try await mark()
        await expectError(.alreadyExists) { try await store.deleteFeed(scene.name) }
        #expect(try await store.abortDeletion(of: scene.name).state == .active)
        #expect(try await store.feed(scene.name).text(at: "a") == "one")
        try await mark()
        try await store.deleteFeed(scene.name, purge: true)
        await expectError(.notFound) { try await store.feed(scene.name) }
    }

    @Test("a feed's own root that is missing is not taken for an emptied one, unless that was noted")
    func unmounted() async throws {
        let scene = try await Scene(Place(isOwn: true, isOnDisk: false))
        guard let opener = scene.opener as? MemoryOpener, let root = scene.root else { return }
        opener.replace(root, with: MemoryStorage())
        await expectError(.wrongRoot) { try await scene.open().deleteFeed(scene.name, purge: true) }
        #expect(try await scene.open().feed(scene.name).record().state == .active)
    }
}

/// Opens storages with faults.
private struct Faulty: StorageOpener {
    private let base: any StorageOpener
    private let plan: FaultPlan

    init(_ base: any StorageOpener, _ decision: @escaping FaultPlan.Decision) {
        self.base = base
        plan = FaultPlan(decision)
    }

    var schemes: StorageSchemes { base.schemes }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        FaultStorage(try await base.open(url, inside: outer), plan: plan)
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        FaultStorage(try await base.create(url, inside: outer), plan: plan)
    }
}

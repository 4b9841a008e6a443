import BlobBackends
import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("Whoever was paused amid deleting a feed, while another finished and made it anew")
struct DeletionRaceTests {
    /// A filesystem on which one feed's root is held up.
    private struct HeldUp: StorageOpener {
        let backends: Backends
        let url: RootURL
        let plan: FaultPlan
        var schemes: StorageSchemes { backends.schemes }

        func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
            let storage = try await backends.open(url, inside: outer)
            return url == self.url ? FaultStorage(storage, plan: plan) : storage
        }

        func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
            try await backends.create(url, inside: outer)
        }
    }

    private static let steps: [(operation: StorageOperation, key: String)] = [
        (.removeObjects, "blobs/"), (.removeRecord, "packages/"), (.removeRecord, "root.json"),
    ]

    @Test("removes nothing of the new feed on a filesystem, in whichever step", arguments: 0..<3)
    func filesystem(step: Int) async throws {
        let folder = TemporaryFolder()
        let (backends, name) = (Backends(threads: 4), try FeedName("npm"))
        let url = try RootURL(folder.path + "/root")
        let other = try await PackageStore.create(url, node: NodeName("other"), with: backends).store
        _ = try await other.createFeed(name)
        try await other.feed("npm").publish("content", at: "a")
        let remake: @Sendable () async -> Void = {
            do {
                try await other.deleteFeed(name, purge: true)
                _ = try await other.createFeed(name)
                try await other.feed("npm").publish("content", at: "a")
            } catch { Issue.record("\(error)") }
        }
        let isFirst = Mutex(true)
        let plan = FaultPlan { operation, key, _ in
            let (wanted, prefix) = Self.steps[step]
            guard operation == wanted && key?.hasPrefix(prefix) == true else { return nil }
            return isFirst.withLock { first in
                defer { first = false }; return first
            } ? .late(after: remake) : nil
        }
        let opener = HeldUp(backends: backends, url: url.appending(Catalog.place(name)), plan: plan)
        let paused = try await PackageStore.open(url, node: NodeName("paused"), with: opener)
        await #expect(throws: StoreError.self) { try await paused.deleteFeed(name, purge: true) }
        let fresh = try await PackageStore.open(url, node: NodeName("fresh"), with: backends).feed("npm")
        #expect(try await fresh.text(at: "a") == "content")
        #expect(try await fresh.flaws() == [])
    }

    @Test("does not remove the new feed's record, in a bucket neither")
    func record() async throws {
        let bench = try await Bench(onBuckets: true)
        let feed = try await bench.feed("npm", root: "/memory/a")
        let inner = try await bench.storage(feed)
        let isFirst = Mutex(true)
        let plan = FaultPlan { operation, key, _ in
            guard operation == .removeRecord && key == "root.json" else { return nil }
            guard
                isFirst.withLock({ first in
                    defer { first = false }; return first
                })
            else { return nil }
            return .late {
                do {
                    let other = try await bench.reopened()
                    try await other.deleteFeed(feed.name)
                    _ = try await other.createFeed(feed.name)
                } catch { Issue.record("\(error)") }
            }
        }
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(inner, plan: plan))
        await expectError(.preconditionFailed) { try await bench.reopened().deleteFeed(feed.name) }
        #expect(try await bench.store.feed("npm").publish("new", at: "b").outcome == .created)
    }
}

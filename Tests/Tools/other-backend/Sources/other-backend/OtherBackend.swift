import BlobBackends
import BlobStore
import BlobStoreTesting
import Glibc

/// Holds the made-up backend to all promises, and uses it as a program would.
@main
struct OtherBackend {
    static func main() async {
        do {
            try await checkConformance()
            try await useStore(Backends(adding: [MadeUpScheme()]))
        } catch {
            print("FAILED: \(error)")
            exit(1)
        }
    }

    private static func checkConformance() async throws {
        for check in StorageConformance.checks {
            try await check.run { RoomStorage(Room(), address: "made-up://bare") }
            try await check.run {
                PrefixStorage(RoomStorage(Room(), address: "made-up://prefixed"), prefix: try KeyPrefix("a/b/"))
            }
        }
        print("conformance: \(StorageConformance.checks.count) checks passed, bare and under a prefix")
    }

    /// init, feed create, push, list, pull, check.
    private static func useStore(_ backends: Backends) async throws {
        let url = try backends.schemes.url("made-up://room/packages")
        let (store, isNew) = try await PackageStore.create(url, node: NodeName("tester"), with: backends)
        _ = try await store.createFeed(FeedName("npm"), root: backends.schemes.url("made-up://other/npm"))
        let feed = try await store.feed("npm")
        let path = try PackagePath("left-pad/1.3.0/left-pad-1.3.0.tgz")
        let content = Array("content".utf8)
        let done = try await feed.publish(ObjectSource(content).read(), at: path, by: "alice")
        await store.close()

        let again = try await PackageStore.open(url, node: NodeName("another"), with: backends)
        var pulled: [UInt8] = []
        if let package = try await again.feed("npm").package(at: path) {
            pulled = try await package.withContent { content in
                var bytes: [UInt8] = []
                for try await chunk in content.chunks { bytes += chunk }
                return bytes
            }
        }
        var listed: [String] = []
        for try await page in try await again.feed("npm").paths() { listed += page.map(\.text) }
        let checked = try await CheckOperation(again, feeds: [], CheckOperation.Options(content: .all)) { _ in }.run()
        await again.close()
        let isSound = checked.complete && checked.errors == 0 && checked.packages == 1
        guard isNew, done.outcome == .created, pulled == content, listed == [path.text], isSound else {
            throw StoreError(.failed, "pulled \(pulled), listed \(listed), checked \(checked)")
        }
        try await refuseNesting(backends)
        print("store: made, pushed, listed, pulled and checked at \(url)")
    }

    private static func refuseNesting(_ backends: Backends) async throws {
        do {
            let inner = try backends.schemes.url("made-up://room/packages/inner")
            _ = try await PackageStore.create(inner, node: NodeName("tester"), with: backends)
        } catch  where error.code == .invalidArgument { return }
        throw StoreError(.failed, "a root was made in another")
    }
}

import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// In a bucket each operation of a storage is one request, or two, or a page of a listing.
@Suite("Operations of the storage that a package takes in a bucket")
struct RequestCountTests {
    /// Counts what a process asks of the storages at some places.
    private final class Counted: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        private let urls: [RootURL]
        private let bench: Bench

        init(_ bench: Bench, _ places: [String]) throws {
            self.bench = bench
            urls = [bench.url] + (try places.map { try RootURL($0) })
        }

        /// What `work` takes.
        func callAsFunction(_ work: (Feed) async throws -> Void) async throws -> Operations {
            counts.withLock { $0 = [:] }
            var inner: [RootURL: any Storage] = [:]
            for url in urls {
                inner[url] = bench.opener[url]
                guard let storage = bench.opener[url] else { continue }
                let plan = FaultPlan { [self] operation, key, _ in
                    // In a bucket these take no request.
                    if [.flushRecord, .stageObject, .append].contains(operation) { return nil }
                    let kind = key.map { "\(operation) \($0.prefix(while: { $0 != "/" }))" } ?? "\(operation)"
                    counts.withLock { $0[kind, default: 0] += 1 }
                    return nil
                }
                bench.opener.replace(url, with: FaultStorage(storage, plan: plan))
            }
            let feed = try await bench.reopened().feed("npm")
            counts.withLock { $0 = [:] }
            try await work(feed)
            for (url, storage) in inner { bench.opener.replace(url, with: storage) }
            return Operations(counts: counts.withLock(\.self))
        }
    }

    /// How many operations of each kind were asked for.
    private struct Operations: CustomStringConvertible {
        let counts: [String: Int]

        private func sum(_ isCounted: (String) -> Bool) -> Int {
            counts.filter { isCounted($0.key) }.values.reduce(0, +)
        }

        /// Those on content and records of packages.
        var ofPackages: Int { sum { $0.hasSuffix(" blobs") || $0.hasSuffix(" packages") } }
        /// Those that a whole batch takes together. How many batches there are depends on how fast the machine is.
        var ofBatches: Int { all - ofPackages }
        var all: Int { sum { _ in true } }
        var description: String { "\(counts.sorted { $0.key < $1.key })" }
    }

    private static let count = 400
    /// A batch has at least 64 files, on the slowest machine, too.
    private static let mostBatches = 7

    private func tree() -> TemporaryFolder {
        let folder = TemporaryFolder()
        for number in 0..<Self.count { folder.write("\(number % 7)/p\(number)", Array("content \(number)".utf8)) }
        return folder
    }

    private func importing(_ folder: TemporaryFolder, into feed: Feed) async throws -> PublishOperation.Summary {
        let options = PublishOperation.Options(PublicationDetails(by: "importer"))
        return try await PublishOperation(.tree(folder.path), into: feed, options) { _ in }.run()
    }

    @Test("an import takes two, and one of what is there already takes two more at most")
    func imports() async throws {
        let bench = try await Bench(onBuckets: true)
        _ = try await bench.feed("npm", root: "/memory/a")
        let (folder, counted) = (tree(), try Counted(bench, ["/memory/a"]))
        let first = try await counted { feed in
            let summary = try await importing(folder, into: feed)
            #expect(summary.published == Int64(Self.count))
        }
        #expect(first.ofPackages == 2 * Self.count, "\(first)")
        #expect(first.ofBatches <= Self.mostBatches * 7, "\(first)")
        let again = try await counted { feed in
            let summary = try await importing(folder, into: feed)
            #expect(summary.unchanged == Int64(Self.count))
        }
        #expect(again.ofPackages <= 2 * Self.count, "\(again)")
        #expect(again.ofBatches <= Self.mostBatches * 7, "\(again)")
    }

    @Test("a publication by a feed that was looked up for it reads the feed's record twice, and its root's marker once")
    func publication() async throws {
        let bench = try await Bench(onBuckets: true)
        _ = try await bench.feed("npm", root: "/memory/a")
        let counted = try Counted(bench, ["/memory/a"])
        let operations = try await counted { feed in
            _ = try await Feed.lookedUp(feed.name, by: feed.store).publish("content", at: "a/b")
        }
        #expect(operations.counts["readRecords catalog"] == 2, "\(operations)")
        #expect(operations.counts["readRecords root.json"] == 1, "\(operations)")
        #expect(operations.counts["checkLocation"] == nil, "\(operations)")
    }

    @Test("what a listing shows is what is there, wherever the paths lie in it")
    func recorded() async throws {
        let bench = try await Bench(onBuckets: true)
        let root = try RootURL("/memory/a")
        bench.opener.replace(root, with: MemoryStorage(pageSize: 3, movesAtomically: false))
        let feed = try await bench.feed("npm", root: "/memory/a")
        let all = try (0..<60).map { try PackagePath("\($0 % 5)/p\($0)") }
        for (number, path) in all.enumerated() where number % 3 == 0 { try await feed.publish("x", at: path.text) }
        let opened = try await feed.open()
        for stride in [1, 2, 7, 13] {
            let asked = all.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
            let expected = Set(asked.filter { path in (all.firstIndex(of: path) ?? 1) % 3 == 0 }.map(\.key))
            let found = try #require(try await opened.recorded(among: asked.shuffled()))
            #expect(Set(found.keys) == expected, "each \(stride)th")
        }
        let none = try await bench.feed("empty")
        #expect(try await none.open().recorded(among: all)?.isEmpty == true)
    }

    @Test("a migration from bucket to bucket reads and writes content and record, and looks at each record once more")
    func migration() async throws {
        let bench = try await Bench(onBuckets: true)
        let feed = try await bench.feed("npm", root: "/memory/a")
        let folder = tree()
        _ = try await importing(folder, into: feed)
        _ = try await bench.opener.create(RootURL("/memory/b"), inside: nil)
        let counted = try Counted(bench, ["/memory/a", "/memory/b"])
        let operations = try await counted { feed in
            let summary = try await MigrateTests.migrate(feed, to: "/memory/b")
            #expect(summary.cutover)
        }
        // A page of records is read in one operation, and what is staged takes no request.
        #expect(Double(operations.all) / Double(Self.count) <= 3.2, "\(operations)")
        #expect(try await feed.flaws() == [])
    }
}

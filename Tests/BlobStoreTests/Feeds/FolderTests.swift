import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("One folder of a feed") struct FolderTests {
    private static let all = [
        "Left/x", "left-pad/1.0.0/a.tgz", "left-pad/2.0.0/a.tgz", "left", "left/b", "lefty/a", "right", "a b/c", "a.b",
        "a-b", "a/b", "a/b/c", "é/\u{301}x", "z.json/y", "z.json",
    ]

    /// A feed in memory, as in a bucket, or on a filesystem.
    private static let places = ["/memory/npm", "/tmp"]

    private func feed(in place: String, _ folder: TemporaryFolder, onBuckets: Bool = false) async throws -> Feed {
        let bench = try await Bench(onBuckets: onBuckets)
        let root = place == "/tmp" ? folder.path + "/feed" : place
        let feed = try await bench.feed("npm", root: root)
        for path in Self.all { try await feed.publish(path, at: path) }
        return feed
    }

    private func text(_ entry: FolderEntry) -> String {
        switch entry {
        case .folder(let name): name + "/"
        case .package(let record): record.path.name
        case .unreadable(let name, let error): "\(name) \(error.code)"
        }
    }

    /// What stands in a folder by the list of all paths, in key order.
    private func wanted(_ folder: String) throws -> [String] {
        let inside = try Self.all.map { try PackagePath($0) }.sorted()
            .map { Array($0.text.utf8) }.filter { $0.starts(with: folder.utf8) }
            .map { $0.dropFirst(folder.utf8.count) }
        var names: [String] = []
        for rest in inside {
            let end = rest.firstIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? rest.endIndex
            let name = String(decoding: rest[..<end], as: UTF8.self)
            if names.last != name { names.append(name) }
        }
        return names
    }

    @Test("its packages and folders come in key order, in pages of any size", arguments: places)
    func pages(place: String) async throws {
        let temporary = TemporaryFolder()
        let feed = try await feed(in: place, temporary)
        for folder in ["", "left-pad/", "left", "a", "a/b", "é/", "nothing"] {
            let wanted = try wanted(folder.isEmpty || folder.hasSuffix("/") ? folder : folder + "/")
            for limit in [1, 2, 3, 1_000] {
                var found: [String] = []
                var query = FolderQuery(folder: folder, limit: limit)
                repeat {
                    let page = try await feed.folder(query)
                    #expect(page.entries.count <= limit)
                    found += page.entries.map(text)
                    query.after = page.next
                } while query.after != nil && found.count <= wanted.count
                #expect(found == wanted, "\(folder) by \(limit)")
            }
        }
        await feed.store.close()
    }

    @Test("deleted packages are left out, and do not end a listing")
    func deleted() async throws {
        let temporary = TemporaryFolder()
        let feed = try await feed(in: "/memory/npm", temporary, onBuckets: true)
        for path in ["a.b", "a-b", "left"] { try await feed.remove(PackagePath(path), by: "bob") }
        var query = FolderQuery(limit: 1)
        var found: [String] = []
        repeat {
            let page = try await feed.folder(query)
            found += page.entries.map(text)
            query.after = page.next
        } while query.after != nil
        #expect(try found == wanted("").filter { !["a.b", "a-b", "left"].contains($0) })
    }

    @Test("what cannot be read, and what may hide packages, is told in its place, and the rest comes")
    func unreadable() async throws {
        let temporary = TemporaryFolder()
        let feed = try await feed(in: "/tmp", temporary)
        try await feed.open().storage.garble(PackagePath("right").key)
        temporary.write("feed/packages/Odd.json", [])
        for limit in [1, 100] {
            var query = FolderQuery(limit: limit)
            var found: [String] = []
            repeat {
                let page = try await feed.folder(query)
                found += page.entries.map(text)
                query.after = page.next
            } while query.after != nil && found.count < 100
            #expect(found.contains("right corrupt") && found.contains("Odd.json corrupt"), "\(found)")
            #expect(found.count == Set(found).count && found.contains("lefty/"), "\(found)")
        }
        await feed.store.close()
    }

    @Test("a limit, a folder and a cursor are checked")
    func refusals() async throws {
        let feed = try await Bench().feed()
        for limit in [0, -1, 10_001] {
            await expectError(.invalidArgument) { try await feed.folder(FolderQuery(limit: limit)) }
        }
        for folder in ["/a", "a//b", "..", "a/../b", "\0"] {
            await expectError(.invalidKey) { try await feed.folder(FolderQuery(folder: folder)) }
        }
        await expectError(.invalidKey) { try await feed.folder(FolderQuery(after: "..")) }
        #expect(try await feed.folder(FolderQuery(folder: "a", after: "/anything at all")).entries.isEmpty)
    }

    @Test("a page reads only the records of its own packages")
    func cost() async throws {
        let bench = try await Bench()
        let others = try await bench.feed("npm", root: "/memory/npm")
        for number in 0..<50 { try await others.publish("x", at: "in/\(number)") }
        let read = Collected<String>()
        let plan = FaultPlan { operation, key, _ in
            if operation == .readRecords, let key, key.hasPrefix("packages/") { read.add(key) }
            return nil
        }
        let url = try RootURL("/memory/npm")
        let base = try #require(bench.opener[url])
        bench.opener.replace(url, with: FaultStorage(base, plan: plan))
        let feed = try await bench.reopened().feed("npm")
        #expect(try await feed.folder(FolderQuery(folder: "in", limit: 10)).entries.count == 10)
        #expect(read.all.count == 1, "one batch")
        #expect(try await feed.folder().entries.count == 1)
        #expect(read.all.filter { $0.hasPrefix("packages/in/") }.count == 1)
    }
}

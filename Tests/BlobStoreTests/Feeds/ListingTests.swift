import Testing

@testable import BlobStore

@Suite struct ListingTests {
    private static let all = [
        "Left/x", "left-pad/1.0.0/a.tgz", "left-pad/2.0.0/a.tgz", "left", "lefty/a", "right", "a b/c", "a.b", "a-b",
        "a/b",
    ]

    private func feed() async throws -> Feed {
        let feed = try await Bench().feed()
        for path in Self.all { try await feed.publish(path, at: path) }
        return feed
    }

    @Test("the order is key order, whatever was published first")
    func order() async throws {
        let listed = try await feed().listing()
        #expect(try listed == Self.all.map { try PackagePath($0) }.sorted().map(\.text))
    }

    @Test(
        "a prefix is a prefix of the path's text, at a slash or not",
        arguments: [
            "", "left", "left-pad/", "left-pad/1", "left-pad/1.0.0/a.tgz", "L", "a", "a/", "zzz",
            "left-pad/1.0.0/a.tgz/",
        ])
    func prefix(_ prefix: String) async throws {
        let listed = try await feed().listing(PackageQuery(prefix: prefix))
        let wanted = try Self.all.filter { $0.hasPrefix(prefix) }.map { try PackagePath($0) }.sorted().map(\.text)
        #expect(listed == wanted)
    }

    @Test("a listing goes on after any path, with any prefix")
    func after() async throws {
        let feed = try await feed()
        for prefix in ["", "left", "a"] {
            let all = try await feed.listing(PackageQuery(prefix: prefix))
            for (index, path) in all.enumerated() {
                let rest = try await feed.listing(PackageQuery(prefix: prefix, after: PackagePath(path)))
                #expect(rest == Array(all[(index + 1)...]))
            }
        }
    }

    @Test("a damaged record shows in its place, and the rest of the listing goes on")
    func damaged() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        for path in ["a", "b", "c"] { try await feed.publish(path, at: path) }
        let storage = try await bench.storage(feed)
        let key = try PackagePath("b").key
        guard let record = try await storage.readRecord(key) else { throw StoreError(.notFound, "no record") }
        _ = try await storage.writeRecord(key, Array("{".utf8), expecting: .version(record.version))
        let listing = try await feed.packages().flattened()
        let shown = listing.map { entry in
            switch entry {
            case .package(let record): record.path.text
            case .unreadable(let path, let error): "\(path) \(error.code)"
            }
        }
        #expect(shown == ["a", "b corrupt", "c"])
    }
}

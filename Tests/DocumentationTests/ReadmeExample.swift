import BlobBackends
import BlobStore

func store(_ upload: some AsyncSequence<[UInt8], any Error> & Sendable, in root: String) async throws -> Int64 {
    let store = try await PackageStore.open(root, node: "web-1")
    let feed = try await store.feed("npm")
    let path = try PackagePath("left-pad/1.3.0/left-pad-1.3.0.tgz")

    // Another node sees all of it or none. Other content at the same path throws `alreadyExists`.
    let done = try await feed.publish(upload, at: path, by: "alice")
    print("\(done.outcome): \(done.digest), \(done.size) bytes")

    // Verified while it streams: the last chunk comes only after the digest matched.
    guard let package = try await feed.package(at: path) else { return 0 }  // absent or deleted
    let count = try await package.withContent { content in
        var count: Int64 = 0
        for try await chunk in content.chunks { count += Int64(chunk.count) }
        return count
    }
    await store.close()
    return count
}

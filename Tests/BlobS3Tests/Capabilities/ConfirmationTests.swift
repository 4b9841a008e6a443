import BlobS3
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("What a server promised once")
struct ConfirmationTests {
    /// A root that another process made.
    private static func root(
        _ fault: @escaping @Sendable (_ number: Int, _ head: String) -> BucketServer.Fault = { _, _ in .none }
    ) async throws -> (bucket: BucketServer, server: ScriptedServer, version: Record.Version) {
        let bucket = BucketServer(fault)
        let server = try ScriptedServer { bucket.serve($0) }
        let first = S3Storage(server.session(), prefix: "r/", address: "s3://bucket/r")
        try await first.prepareRoot()
        let version = try await first.writeRecord(marker, Array("{}".utf8), expecting: .absent)
        return (bucket, server, version)
    }

    private static let marker = Key(trusted: "root.json")
    private static let key = Key(trusted: "packages/a.json")

    private func opened(_ server: ScriptedServer, at address: String = "s3://bucket/r") -> S3Storage {
        S3Storage(server.session(), prefix: "r/", address: address)
    }

    private func sent(_ bucket: BucketServer, since before: Int) -> [String] { Array(bucket.requests[before...]) }

    @Test("is confirmed by two requests before a process writes its first record, and then no more")
    func twoRequests() async throws {
        let (bucket, server, _) = try await Self.root()
        for process in 0..<3 {
            let storage = opened(server)
            _ = try await storage.readRecord(Self.marker)
            let before = bucket.requests.count
            let key = Key(trusted: "packages/\(process).json")
            let version = try await storage.writeRecord(key, [1], expecting: .absent)
            _ = try await storage.writeRecord(key, [2], expecting: .version(version))
            let requests = sent(bucket, since: before).filter { $0.contains("/.probe/") }
            #expect(requests == Array(repeating: "PUT /bucket/r/.probe/standing", count: process == 0 ? 3 : 2))
        }
        #expect(try await opened(server).list(ListRequest()).flattened().count == 4)
        #expect(try await opened(server).uploadsInFlight().flattened().isEmpty)
    }

    @Test("is no longer believed where the bucket was given versions since, and no record is written")
    func versioned() async throws {
        let (bucket, server, _) = try await Self.root()
        for isFirst in [true, false] {
            bucket.keepVersions()
            let storage = opened(server)
            _ = try await storage.readRecord(Self.marker)
            let error = await #expect(throws: StoreError.self) {
                _ = try await storage.writeRecord(Self.key, [1], expecting: .absent)
            }
            #expect(error?.code == .unsupported && error?.message.contains("keeps versions") == true)
            #expect(bucket.body("r/packages/a.json") == nil, "first: \(isFirst)")
            #expect(storage.learnt?.keepsVersions == true && !storage.capabilities.sharedWriters)
        }
        _ = server
    }

    @Test("is no longer believed by a process that is running, as soon as an answer tells of a version")
    func versionedMeanwhile() async throws {
        let (bucket, server, _) = try await Self.root()
        let storage = opened(server)
        _ = try await storage.readRecord(Self.marker)
        _ = try await storage.writeRecord(Self.key, [1], expecting: .absent)
        bucket.keepVersions()
        await expectError(.outcomeUnknown) {
            _ = try await storage.writeRecord(Key(trusted: "b.json"), [1], expecting: .absent)
        }
        await expectError(.unsupported) {
            _ = try await storage.writeRecord(Key(trusted: "c.json"), [1], expecting: .absent)
        }
        #expect(bucket.body("r/c.json") == nil)
        _ = server
    }

    @Test("is measured anew where it was told by a server of another name, but never by reading")
    func otherName() async throws {
        let bucket = BucketServer { _, _ in .none }
        let server = try ScriptedServer { bucket.serve($0) }
        let record = "x-amz-meta-blobstore-server: 2 elsewhere creates quoted names checksums replaces\r\n"
        bucket.put("r/root.json", Array("{}".utf8), fields: record)
        let storage = opened(server)
        _ = try await storage.readRecord(Self.marker)
        _ = try await storage.list(ListRequest()).flattened()
        _ = try await storage.uploadsInFlight().flattened()
        #expect(!bucket.requests.contains { $0.hasPrefix("PUT") || $0.hasPrefix("DELETE") })
        #expect(storage.learnt == nil)
        _ = try await storage.writeRecord(Self.key, [1], expecting: .absent)
        #expect(storage.learnt == .proper)
        _ = server
    }

    @Test("is not misled by a failure of the requests that confirm it", arguments: [500, 503, 409])
    func failing(_ status: Int) async throws {
        let answer = ScriptedServer.answer(status, code: "OperationAborted")
        for failing in 0..<3 {
            let seen = Mutex(0)
            let (bucket, server, _) = try await Self.root { _, head in
                guard head.contains("/.probe/standing") else { return .none }
                let number = seen.withLock { seen in
                    seen += 1
                    return seen - 1
                }
                return number == failing ? .instead(answer) : .none
            }
            let storage = opened(server)
            _ = try await storage.readRecord(Self.marker)
            let before = bucket.requests.count
            _ = try await storage.writeRecord(Self.key, [1], expecting: .absent)
            #expect(storage.learnt == .proper)
            #expect(bucket.requests.count - before < 8, "it was not probed anew")
            _ = server
        }
    }

    @Test("a checksum is sent only where the probe saw it taken, and an MD5 else")
    func checksums() async throws {
        let (bucket, server, version) = try await Self.root { _, head in
            head.contains("x-amz-checksum-sha256")
                ? .instead(ScriptedServer.answer(400, code: "InvalidArgument")) : .none
        }
        let storage = opened(server)
        _ = try await storage.readRecord(Self.marker)
        _ = try await storage.writeRecord(Self.marker, [1], expecting: .version(version))
        _ = try await storage.writeObject(Key(trusted: "blobs/a"), ObjectSource([1, 2]))
        #expect(storage.learnt?.takesChecksums == false)
        #expect(bucket.body("r/blobs/a") == [1, 2])
        let refused = bucket.heads.filter { $0.contains("x-amz-checksum-sha256") }
        #expect(refused.count == 1, "the probe's own")
        #expect(bucket.heads.filter { $0.hasPrefix("PUT") }.allSatisfy { $0.contains("Content-MD5: ") })
        _ = server
    }

    @Test("a removal that comes too late is tried before anything is removed, and where it is carried out that is told")
    func lateRemoval() async throws {
        let date = "Date: Sun, 30 Aug 2015 12:36:00 GMT\r\n"
        for refuses in [false, true] {
            let bucket = BucketServer { _, head in
                guard head.hasPrefix("DELETE"), head.contains("X-Amz-Date=20150830T1231"), refuses else { return .none }
                return .instead(ScriptedServer.answer(403, code: "AccessDenied"))
            }
            let server = try ScriptedServer { connection in
                bucket.serve(connection, adding: date)
            }
            let storage = opened(server)
            if refuses {
                try await storage.expectFence()
            } else {
                let error = await #expect(throws: StoreError.self) { try await storage.expectFence() }
                #expect(error?.code == .unsupported && error?.message.contains("late-removal: no") == true)
            }
            let before = bucket.requests.count
            try? await storage.expectFence()
            #expect(bucket.requests.count == before, "it is measured once")
            _ = server
        }
    }
}

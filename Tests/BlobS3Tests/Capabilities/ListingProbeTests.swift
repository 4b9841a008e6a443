import BlobCrypto
import BlobS3
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("Whether a listing shows at once what was written")
struct ListingProbeTests {
    private static let key = Key(trusted: "packages/a.json")

    private func opened(_ server: ScriptedServer) -> S3Storage {
        S3Storage(server.session(), prefix: "r/", address: "s3://bucket/r")
    }

    @Test("is measured once in a process that may write, and told by what it writes to those who only read")
    func measured() async throws {
        let bucket = BucketServer()
        bucket.tellMD5()
        let server = try ScriptedServer { bucket.serve($0) }
        let writer = opened(server)
        #expect(try await writer.listsWritesAtOnce(measuring: false) == nil)
        #expect(bucket.requests.isEmpty)
        #expect(try await writer.listsWritesAtOnce(measuring: true) == true)
        let measuring = bucket.requests.count
        #expect(measuring == 7)
        #expect(try await writer.listsWritesAtOnce(measuring: true) == true)
        #expect(bucket.requests.count == measuring)
        _ = try await writer.writeRecord(Self.key, Array("{}".utf8), expecting: .absent)
        let reader = opened(server)
        _ = try await reader.readRecord(Self.key)
        let before = bucket.requests.count
        #expect(try await reader.listsWritesAtOnce(measuring: false) == true)
        #expect(bucket.requests.count == before)
        // Who may write looks for itself.
        #expect(try await reader.listsWritesAtOnce(measuring: true) == true)
        #expect(bucket.requests.count == before + 7)
    }

    @Test("is not so where ETags are no MD5, nor where a listing is late")
    func others() async throws {
        let bucket = BucketServer()
        let server = try ScriptedServer { bucket.serve($0) }
        #expect(try await opened(server).listsWritesAtOnce(measuring: true) == false)

        let listings = Mutex(0)
        let late = BucketServer { _, head in
            guard head.contains("list-type=2") else { return .none }
            let isSecond = listings.withLock { count in
                count += 1
                return count == 2
            }
            let old = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            return isSecond ? .instead(ScriptedServer.answer(200, body: old)) : .none
        }
        late.tellMD5()
        let lateServer = try ScriptedServer { late.serve($0) }
        let storage = opened(lateServer)
        #expect(try await storage.listsWritesAtOnce(measuring: true) == false)
        _ = try await storage.writeRecord(Self.key, Array("{}".utf8), expecting: .absent)
        #expect(late.fields("r/packages/a.json")?.contains("blobstore-listing") == false)
    }

    @Test("what a listing tells of a record is its MD5, and nothing of another form")
    func details() async throws {
        let bucket = BucketServer()
        bucket.tellMD5()
        let server = try ScriptedServer { bucket.serve($0) }
        let storage = opened(server)
        _ = try await storage.writeRecord(Self.key, Array("{}".utf8), expecting: .absent)
        bucket.put("r/packages/b.json", Array("{}".utf8))
        var found: [String: String] = [:]
        for case .key(let key, let info?) in try await storage.list(ListRequest(wantsDetails: true)).flattened() {
            found[key.text] = info.listedMD5 ?? "none"
        }
        #expect(
            found == [
                "packages/a.json": try #require(Hasher.hex(.md5, of: Array("{}".utf8))), "packages/b.json": "none",
            ])
    }
}

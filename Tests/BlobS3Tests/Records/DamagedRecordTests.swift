import BlobS3
import BlobStore
import ObjectStorage
import TestSupport
import Testing

@Suite("A record whose bytes are not those that were written")
struct DamagedRecordTests {
    private let bytes = Array("{\"one\": 1}".utf8)

    @Test("is asked for again where it was altered on its way, and then it is right")
    func onItsWay() async throws {
        let bucket = BucketServer { number, head in number < 3 && head.hasPrefix("GET") ? .altered : .none }
        let (storage, server) = try bucket.storage(assuming: .proper)
        let key = try Key("record.json")
        let version = try await storage.writeRecord(key, bytes, expecting: .absent)
        let record = try await storage.readRecord(key)
        #expect(record == Record(bytes: bytes, version: version))
        #expect(bucket.requests.count == 4)
        _ = server
    }

    @Test("is asked for again where its ETag is missing, and is an error of the server where that stays so")
    func withoutETag() async throws {
        let bare = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        let bucket = BucketServer { number, head in
            head.hasPrefix("GET") && (number < 3 || number > 3) ? .instead(bare) : .none
        }
        let (storage, server) = try bucket.storage(assuming: .proper)
        let key = try Key("record.json")
        _ = try await storage.writeRecord(key, bytes, expecting: .absent)
        #expect(try await storage.readRecord(key)?.bytes == bytes)
        #expect(bucket.requests.count == 4)
        await expectError(.failed) { _ = try await storage.readRecord(key) }
        #expect(bucket.requests.count == 7)
        _ = server
    }

    @Test("has its flaw told where it was altered in its place, is no document, and can be replaced")
    func inItsPlace() async throws {
        let bucket = BucketServer()
        let (storage, server) = try bucket.storage(assuming: .proper)
        let key = try Key("record.json")
        _ = try await storage.create(key, RootMarker(.server))
        bucket.damage("record.json", "server", "sErver")
        await expectError(.corrupt) { _ = try await storage.document(key, as: RootMarker.self) }
        bucket.damage("record.json", "sErver", "feed")
        await expectError(.corrupt) { _ = try await storage.document(key, as: RootMarker.self) }
        let found = try #require(try await storage.readRecord(key))
        #expect(found.flaw != nil && String(decoding: found.bytes, as: UTF8.self).contains("feed"))
        _ = try await storage.writeRecord(key, bytes, expecting: .version(found.version))
        let healed = try await storage.readRecord(key)
        #expect(healed?.flaw == nil && healed?.bytes == bytes)
        _ = server
    }

    @Test("is taken as it is where another program wrote it")
    func foreign() async throws {
        let bucket = BucketServer()
        bucket.put("record.json", bytes)
        let (storage, server) = try bucket.storage(assuming: .proper)
        let record = try await storage.readRecord(try Key("record.json"))
        #expect(record?.bytes == bytes && record?.flaw == nil)
        _ = server
    }
}

import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("What a bucket tells of itself")
struct DescriptionTests {
    private static let marker = Key(trusted: "root.json")

    /// A root in the bucket, with its marker read.
    private func root(_ bucket: BucketServer) async throws -> (storage: S3Storage, server: ScriptedServer) {
        let (storage, server) = try bucket.storage()
        try await storage.prepareRoot()
        _ = try await storage.writeRecord(Self.marker, Array("{}".utf8), expecting: .absent)
        _ = try await storage.readRecord(Self.marker)
        return (storage, server)
    }

    @Test("is what was learned of the server, and what could not be read is not known; nothing is written for it")
    func description() async throws {
        let bucket = BucketServer()
        let (storage, server) = try await root(bucket)
        let before = bucket.requests.count
        let found = try await storage.describe()
        #expect(found.place?.hasPrefix("bucket \"bucket\" at ") == true && found.room == nil)
        let holds = Dictionary(uniqueKeysWithValues: found.guarantees.map { ($0.name, $0.holds) })
        #expect(holds["conditional-create"] == true && holds["conditional-replace"] == true)
        #expect(holds["versioning-off"] == .some(nil) && holds["lifecycle-off"] == .some(nil))
        #expect(bucket.requests[before...].allSatisfy { $0.hasPrefix("GET ") })
        _ = server
    }

    @Test("writing is tried with an object that is removed again")
    func trial() async throws {
        let bucket = BucketServer()
        let (storage, server) = try await root(bucket)
        let before = bucket.requests.count
        _ = try await storage.tryWriting()
        let sent = bucket.requests[before...].map { $0.split(separator: "trial-").first ?? "" }
        #expect(sent.map { $0.prefix(4) } == ["DELE", "PUT ", "GET ", "DELE"])
        #expect(sent.allSatisfy { $0.hasSuffix("/.probe/") })
        _ = server
    }

    @Test("where removing is not allowed, nothing is written")
    func mayNotRemove() async throws {
        let bucket = BucketServer { _, head in
            head.hasPrefix("DELETE") && head.contains("trial-")
                ? .instead(ScriptedServer.answer(403, code: "AccessDenied")) : .none
        }
        let (storage, server) = try await root(bucket)
        let before = bucket.requests.count
        await expectError(.permissionDenied) { _ = try await storage.tryWriting() }
        #expect(!bucket.requests[before...].contains { $0.hasPrefix("PUT") })
        _ = server
    }
}

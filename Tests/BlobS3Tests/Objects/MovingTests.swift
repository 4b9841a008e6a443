import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("An object that is given another name")
struct MovingTests {
    /// One goes through the process, the other is copied by the server.
    static let sizes = [100, 9 << 20]

    @Test("arrives, though the answer to its writing was lost and the retry meets it there", arguments: sizes)
    func ownSuccess(_ size: Int) async throws {
        let content = [UInt8](repeating: 7, count: size)
        let bucket = BucketServer { number, head in
            head.hasPrefix("PUT /bucket/b ") && number < 8 ? .doneBut("") : .none
        }
        bucket.put("a", content)
        let (storage, server) = try bucket.storage(assuming: .proper)
        try await storage.moveObject(try Key("a"), to: try Key("b"))
        #expect(bucket.body("a") == nil && bucket.body("b") == content)
        #expect(bucket.requests.filter { $0 == "PUT /bucket/b" }.count > 1)
        _ = server
    }

    @Test("stays where it is, where another has taken the name meanwhile", arguments: sizes)
    func taken(_ size: Int) async throws {
        let bucket = BucketServer { _, head in
            head.hasPrefix("PUT /bucket/b ") ? .instead(ScriptedServer.answer(412, code: "PreconditionFailed")) : .none
        }
        bucket.put("a", [UInt8](repeating: 7, count: size))
        let (storage, server) = try bucket.storage(assuming: .proper)
        await expectError(.alreadyExists) { try await storage.moveObject(try Key("a"), to: try Key("b")) }
        #expect(bucket.body("a") != nil && !bucket.requests.contains("DELETE /bucket/a"))
        _ = server
    }

    @Test("arrives as it was, though it was altered on its way through this process")
    func altered() async throws {
        let content = Array("some content".utf8)
        let bucket = BucketServer { number, head in head.hasPrefix("GET") && number < 3 ? .altered : .none }
        bucket.put("a", content)
        let (storage, server) = try bucket.storage(assuming: .proper)
        try await storage.moveObject(try Key("a"), to: try Key("b"))
        #expect(bucket.body("b") == content)
        _ = server
    }
}

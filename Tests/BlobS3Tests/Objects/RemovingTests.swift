import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("Objects that are removed together, or made young")
struct RemovingTests {
    private let keys = ["a", "b", "c"].map { Key(trusted: $0) }

    @Test("are removed one by one where the answer says nothing of them")
    func unmentioned() async throws {
        let answer = "<DeleteResult><Deleted><Key>b</Key></Deleted></DeleteResult>"
        let bucket = BucketServer { _, head in
            head.hasPrefix("POST") ? .instead(ScriptedServer.answer(200, body: answer)) : .none
        }
        for key in keys { bucket.put(key.text, [1]) }
        let (storage, server) = try bucket.storage(assuming: .proper)
        for result in try await storage.removeObjects(keys) { try result.get() }
        #expect(bucket.body("a") == nil && bucket.body("c") == nil)
        #expect(bucket.requests.filter { $0.hasPrefix("DELETE") } == ["DELETE /bucket/a", "DELETE /bucket/c"])
        _ = server
    }

    @Test(
        "are not removed where the answer is an error inside of a success, or names what it cannot tell the failure of")
    func errorInside() async throws {
        for inside in [
            "<Error><Code>AccessDenied</Code></Error>",
            "<DeleteResult><Error><Key>a</Key></Error></DeleteResult>",
            "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>",
        ] {
            let bucket = BucketServer { _, head in
                head.hasPrefix("POST") ? .instead(ScriptedServer.answer(200, body: inside)) : .none
            }
            let (storage, server) = try bucket.storage(assuming: .proper)
            let results = try await storage.removeObjects(keys)
            #expect(throws: StoreError.self) { try results[0].get() }
            _ = server
        }
    }

    @Test("can be written again, also where the server takes what was removed for there")
    func ghost() async throws {
        let bucket = BucketServer { _, head in
            head.contains("If-None-Match") ? .instead(ScriptedServer.answer(412, code: "PreconditionFailed")) : .none
        }
        let (storage, server) = try bucket.storage(assuming: .proper)
        #expect(try await storage.writeObject(keys[0], ObjectSource([1])) == .created)
        #expect(bucket.body("a") == [1])
        _ = server
    }

    @Test("keep their storage class when they are made young, and only then")
    func storageClass() async throws {
        let bucket = BucketServer { _, _ in .none }
        bucket.put("a", [1], fields: "x-amz-storage-class: STANDARD_IA\r\n")
        bucket.put("b", [1])
        let (storage, server) = try bucket.storage(assuming: .proper)
        for key in keys.prefix(2) { #expect(try await storage.refreshObject(key, size: 1)) }
        _ = try await storage.copyObject(from: storage, keys[0], to: keys[2])
        let copies = bucket.heads.filter { $0.hasPrefix("PUT") }.map { $0.contains("x-amz-storage-class: STANDARD_IA") }
        #expect(copies == [true, false, false])
        _ = server
    }
}

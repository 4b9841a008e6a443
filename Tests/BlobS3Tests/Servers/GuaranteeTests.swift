import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("What servers are found to promise")
struct GuaranteeTests {
    @Test(
        "a server without conditional writes is refused by name of what is missing, unless there is one writer",
        .enabled(if: !ServerUnderTest.unshared.isEmpty, "no such server is named"), arguments: ServerUnderTest.unshared)
    func refused(_ server: ServerUnderTest) async throws {
        let prefix = ServerUnderTest.freshPrefix()
        let storage = server.storage(prefix)
        do throws(StoreError) {
            try await storage.prepareRoot()
            Issue.record("\(server) was accepted")
        } catch {
            #expect(error.code == .unsupported)
            #expect(error.message.contains("conditional creation (If-None-Match)"))
            #expect(error.message.contains("--single-writer"))
        }
        #expect(!storage.capabilities.sharedWriters)
        let alone = server.storage(prefix, isForOneWriter: true)
        try await alone.prepareRoot()
        let key = try Key("root.json")
        let version = try await alone.writeRecord(key, Array("one".utf8), expecting: .absent)
        _ = try await alone.writeRecord(key, Array("two".utf8), expecting: .version(version))
        await expectError(.preconditionFailed) {
            _ = try await alone.writeRecord(key, Array("three".utf8), expecting: .version(version))
        }
        #expect(try await alone.readRecord(key)?.bytes == Array("two".utf8))
        #expect(!alone.capabilities.sharedWriters && alone.capabilities.advice.count == 1)
    }

    @Test(
        "a server with conditional writes is accepted, and who reads a record need not ask it again",
        .enabled(if: !ServerUnderTest.shared.isEmpty, "no server is named"), arguments: ServerUnderTest.shared)
    func accepted(_ server: ServerUnderTest) async throws {
        let prefix = ServerUnderTest.freshPrefix()
        let storage = server.storage(prefix)
        try await storage.prepareRoot()
        #expect(storage.capabilities.sharedWriters && storage.capabilities.advice.isEmpty)
        _ = try await storage.writeRecord(try Key("root.json"), Array("{}".utf8), expecting: .absent)
        let other = server.storage(prefix)
        #expect(try await other.readRecord(try Key("root.json")) != nil)
        #expect(other.learnt == storage.learnt && other.learnt != nil)
        for try await page in storage.list(ListRequest()) { #expect(page.count == 1) }
    }

    @Test(
        "a bucket of Ceph's that is given versions after a root was made is found out before the next process writes",
        .enabled(if: !ServerUnderTest.ceph.isEmpty, "no Ceph is named"), arguments: ServerUnderTest.ceph)
    func versioned(_ server: ServerUnderTest) async throws {
        let session = server.session(bucket: "versions-\(UInt32.random(in: 0...UInt32.max))")
        _ = try await session.send(S3Call("PUT", nil))
        func process() -> S3Storage { S3Storage(session, prefix: "r/", address: "s3://versions/r") }
        let first = process()
        try await first.prepareRoot()
        _ = try await first.writeRecord(try Key("root.json"), Array("{}".utf8), expecting: .absent)
        #expect(try await first.settings().map(\.holds) == [true, true, true])
        var call = S3Call("PUT", nil, query: [("versioning", "")])
        let setting = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        try call.set(body: Array(setting.utf8), contentType: "application/xml")
        _ = try await session.send(call)
        await expectError(.outcomeUnknown) {
            _ = try await first.writeRecord(try Key("a.json"), [1], expecting: .absent)
        }
        let second = process()
        _ = try await second.readRecord(try Key("root.json"))
        #expect(second.learnt?.allowsSharing == true, "as it was once")
        for storage in [first, second] {
            await expectError(.unsupported) {
                _ = try await storage.writeRecord(try Key("b.json"), [1], expecting: .absent)
            }
        }
        #expect(try await first.readRecord(try Key("b.json")) == nil)
        #expect(try await first.settings().map(\.holds) == [false, true, true])
    }

    @Test(
        "no bucket, no such key and a wrong secret are told as that",
        .enabled(if: !ServerUnderTest.shared.isEmpty, "no server is named"), arguments: ServerUnderTest.shared)
    func badInput(_ server: ServerUnderTest) async throws {
        let key = try Key("root.json")
        func storage(_ session: S3Session) -> S3Storage { S3Storage(session, prefix: "p/", address: "s3://b/p") }
        await expectError(.notFound) { try await storage(server.session(bucket: "no-such-bucket-here")).prepareRoot() }
        await expectError(.notFound) {
            _ = try await storage(server.session(bucket: "no-such-bucket-here")).readRecord(key)
        }
        if server.description == "moto" { return }  // It checks no signatures.
        for session in [server.session(secret: "wrong"), server.session(id: "nobody")] {
            await expectError(.permissionDenied) { try await storage(session).prepareRoot() }
            await expectError(.permissionDenied) { _ = try await storage(session).readRecord(key) }
        }
    }
}

import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("A removal behind a fence", .enabled(if: !ServerUnderTest.shared.isEmpty, "no server is named"))
struct FenceTests {
    @Test("takes effect at once, and again is a success", arguments: ServerUnderTest.shared)
    func removes(_ server: ServerUnderTest) async throws {
        let storage = server.storage(ServerUnderTest.freshPrefix())
        let key = try Key("blobs/one")
        _ = try await storage.writeObject(key, ObjectSource([1]))
        let removal = try await storage.prepareRemoval(of: key)
        try await removal.run()
        #expect(try await storage.statObject(key) == nil)
        try await removal.run()
    }

    @Test(
        "is refused by the server once it is older than its life, and the object stays",
        arguments: ServerUnderTest.shared)
    func late(_ server: ServerUnderTest) async throws {
        let storage = server.storage(ServerUnderTest.freshPrefix())
        let key = try Key("blobs/one")
        _ = try await storage.writeObject(key, ObjectSource([1]))
        let removal = try await storage.prepareRemoval(of: key, ago: 90)
        do {
            try await removal.run()
            Issue.record("a removal that came too late was carried out")
        } catch {
            #expect(error.code == .unavailable)
        }
        #expect(try await storage.statObject(key) != nil)
    }

    @Test("is relied upon where the server refuses what comes too late, and nowhere else")
    func expected() async throws {
        for server in ServerUnderTest.shared { try await server.storage(ServerUnderTest.freshPrefix()).expectFence() }
        guard let mock = ServerUnderTest.mock else { return }
        await expectError(.unsupported) { try await mock.storage(ServerUnderTest.freshPrefix()).expectFence() }
    }

    @Test("tells the age of a marker by the server's clock", arguments: ServerUnderTest.shared)
    func age(_ server: ServerUnderTest) async throws {
        let storage = server.storage(ServerUnderTest.freshPrefix())
        let key = try Key("collection/one.json")
        _ = try await storage.writeRecord(key, [1], expecting: .absent)
        let before = try Key("collection/one")
        let request = ListRequest(
            try KeyPrefix("collection/"), startAfter: before, isFlat: true, wantsDetails: true)
        var age: Duration?
        for try await page in storage.list(request) {
            for case .key(let found, let info) in page where found == key { age = info?.age }
        }
        #expect(age.map { $0 < .seconds(60) } == true)
    }
}

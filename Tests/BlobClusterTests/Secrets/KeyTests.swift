import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobCluster

@Suite("API keys")
struct KeyTests {
    private let storage = FaultStorage(MemoryStorage(), plan: FaultPlan { _, _, _ in nil })
    private let time = JumpingTime()

    private var keys: APIKeys { APIKeys(storage, clock: time.clock) }
    private var reads: Int { storage.count(of: .readRecords) }

    private func issue(_ keys: APIKeys, expires: Timestamp? = nil) async throws -> APIKeys.Issued {
        try await keys.create("ci", [KeyRecord.Grant(.publish, in: FeedName("npm"))], by: "alice", expires: expires)
    }

    @Test("a key opens what it was made for, and nothing stored shows it")
    func scopes() async throws {
        let keys = keys
        let issued = try await issue(keys)
        #expect(issued.token.wholeMatch(of: /bs_[0-9a-f]{16}_[0-9a-f]{64}/) != nil)
        let record = try #require(try await keys.key(issued.token))
        let (npm, other) = (try FeedName("npm"), try FeedName("other"))
        #expect(record.allows(.read, in: npm) && record.allows(.publish, in: npm))
        #expect(!record.allows(.manage, in: npm) && !record.allows(.read, in: other))
        let stored = try await storage.readRecord(KeyToken.key(record.id))?.bytes ?? []
        let secret = issued.token.split(separator: "_")[2]
        #expect(!stored.isEmpty && !String(decoding: stored, as: UTF8.self).contains(secret))
    }

    @Test("what is no key, or another's, or has another secret, opens nothing")
    func wrong() async throws {
        let keys = keys
        let token = try await issue(keys).token
        let last = token.hasSuffix("0") ? "1" : "0"
        for text in [
            "", "bs", "bs__", token + "0", String(token.dropLast()), token.uppercased(), token.dropLast() + last,
        ] {
            #expect(try await keys.key(text) == nil, "\(text)")
        }
    }

    @Test("a valid key costs one request a heartbeat, and a revocation holds after it everywhere")
    func revoked() async throws {
        let (here, there) = (keys, keys)
        let issued = try await issue(here)
        for _ in 0..<3 { #expect(try await there.key(issued.token) != nil) }
        #expect(reads == 1)
        try await here.revoke(issued.record.id)
        #expect(try await here.key(issued.token) == nil)
        time.advance(by: .milliseconds(9_999))
        #expect(try await there.key(issued.token) != nil)
        time.advance(by: .milliseconds(1))
        #expect(try await there.key(issued.token) == nil)
    }

    @Test("a key is refused once it has expired, also where it is remembered")
    func expiry() async throws {
        let keys = keys
        let issued = try await issue(keys, expires: Timestamp(seconds: time.clock.date().seconds + 5))
        #expect(try await keys.key(issued.token) != nil)
        time.advance(by: .seconds(5))
        #expect(try await keys.key(issued.token) == nil)
    }

    @Test("guessing is slowed down, and keys that are in use do not notice")
    func guessing() async throws {
        let keys = keys
        let issued = try await issue(keys)
        #expect(try await keys.key(issued.token) != nil)
        var refused = 0
        for _ in 0..<100 {
            do { #expect(try await keys.key(KeyToken().text) == nil) } catch {
                #expect(error.code == .unavailable)
                refused += 1
            }
        }
        #expect(refused >= 75 && reads <= 25)
        time.advance(by: .seconds(11))
        #expect(try await keys.key(issued.token) != nil)
    }

    @Test("the hash is compared in full")
    func comparison() {
        #expect(isSame([1, 2, 3], [1, 2, 3]) && !isSame([1, 2, 3], [1, 2, 4]) && !isSame([1, 2], [1, 2, 3]))
    }
}

import ObjectStorage
import Synchronization
import Testing

@testable import BlobS3

@Suite("Credentials over their life")
struct ProviderTests {
    /// A source that gives numbered credentials, or fails, as told; and a clock.
    private final class Source: CredentialSource {
        struct State {
            var now: Int64 = 1_000_000
            var life: Int64? = 3_600
            var failure: StoreError?
            var fetches = 0
            var isHeld = false
        }
        let state = Mutex(State())
        let name = "the test"

        var fetches: Int { state.withLock(\.fetches) }
        func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
        func advance(_ seconds: Int64) { change { $0.now += seconds } }

        func credentials() async throws(StoreError) -> Credentials? {
            let (number, life, now, failure) = state.withLock { state in
                state.fetches += 1
                return (state.fetches, state.life, state.now, state.failure)
            }
            let deadline = ContinuousClock.now + .seconds(60)
            while state.withLock(\.isHeld), ContinuousClock.now < deadline {
                do { try await Task.sleep(for: .milliseconds(1)) } catch { throw StoreError(.cancelled, "cancelled") }
            }
            if let failure { throw failure }
            return try Credentials(
                accessKeyID: "K\(number)", secretAccessKey: "s",
                expiration: life.map { Timestamp(seconds: now + $0) }, from: "the test")
        }

        func provider(after others: [any CredentialSource] = []) -> CredentialProvider {
            CredentialProvider(others + [self], now: { Timestamp(seconds: self.state.withLock(\.now)) })
        }
    }

    private struct Nothing: CredentialSource {
        let name = "nowhere"
        func credentials() async throws(StoreError) -> Credentials? { nil }
    }

    @Test("they are fetched once, and anew before they end")
    func refreshing() async throws {
        let source = Source()
        let provider = source.provider(after: [Nothing()])
        for _ in 0..<10 { #expect(try await provider.credentials().accessKeyID == "K1") }
        source.advance(3_600 - 301)
        #expect(try await provider.credentials().accessKeyID == "K1")
        source.advance(2)
        #expect(try await provider.credentials().accessKeyID == "K2")
        #expect(source.fetches == 2)
    }

    @Test("those that last no longer than the margin are not fetched anew for each request")
    func shortLived() async throws {
        let source = Source()
        source.change { $0.life = 200 }
        let provider = source.provider()
        for _ in 0..<10 { #expect(try await provider.credentials().accessKeyID == "K1") }
        source.advance(31)
        for _ in 0..<10 { #expect(try await provider.credentials().accessKeyID == "K2") }
        #expect(source.fetches == 2)
    }

    @Test("those without an end are kept, until a server refuses them")
    func rejection() async throws {
        let source = Source()
        source.change { $0.life = nil }
        let provider = source.provider()
        let first = try await provider.credentials()
        source.advance(1 << 32)
        #expect(try await provider.credentials() == first)
        provider.reject(first)
        let second = try await provider.credentials()
        #expect(second.accessKeyID == "K2")
        provider.reject(first)
        #expect(try await provider.credentials() == second)
    }

    @Test(
        "an early fetch that fails leaves what is good in use, and is not repeated at once; at the end it is an error")
    func failingRefresh() async throws {
        let source = Source()
        let provider = source.provider()
        _ = try await provider.credentials()
        source.change { $0.failure = StoreError(.unavailable, "it is down") }
        source.advance(3_600 - 200)
        for _ in 0..<5 { #expect(try await provider.credentials().accessKeyID == "K1") }
        #expect(source.fetches == 2)
        source.advance(31)
        #expect(try await provider.credentials().accessKeyID == "K1")
        #expect(source.fetches == 3)
        source.advance(150)
        let error = await #expect(throws: StoreError.self) { try await provider.credentials() }
        #expect(error?.code == .unavailable)
        source.change { $0.failure = nil }
        #expect(try await provider.credentials().accessKeyID == "K5")
    }

    @Test("of a hundred callers one fetches")
    func singleFlight() async throws {
        let source = Source()
        source.change { $0.isHeld = true }
        let provider = source.provider()
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await provider.credentials().accessKeyID } }
            group.addTask {
                source.change { $0.isHeld = false }
                return "K1"
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["K1"])
        #expect(source.fetches == 1)
    }

    @Test("while one fetches early, the others go on with what is good")
    func earlyFetchHoldsNobody() async throws {
        let source = Source()
        let provider = source.provider()
        _ = try await provider.credentials()
        source.advance(3_600 - 200)
        source.change { $0.isHeld = true }
        async let fetched = provider.credentials()
        let deadline = ContinuousClock.now + .seconds(60)
        while source.fetches < 2, ContinuousClock.now < deadline { await Task.yield() }
        #expect(try await provider.credentials().accessKeyID == "K1")
        source.change { $0.isHeld = false }
        #expect(try await fetched.accessKeyID == "K2")
    }

    @Test("who is cancelled stops waiting, and when the one who fetches is cancelled another does")
    func cancellation() async throws {
        let source = Source()
        source.change { $0.isHeld = true }
        let provider = source.provider()
        let fetching = Task { try await provider.credentials() }
        let deadline = ContinuousClock.now + .seconds(60)
        while source.fetches < 1, ContinuousClock.now < deadline { await Task.yield() }
        let waiting = Task { try await provider.credentials() }
        let patient = Task { try await provider.credentials() }
        waiting.cancel()
        let stopped = await #expect(throws: StoreError.self) { try await waiting.value }
        #expect(stopped?.code == .cancelled)
        fetching.cancel()
        let cancelled = await #expect(throws: StoreError.self) { try await fetching.value }
        #expect(cancelled?.code == .cancelled)
        source.change { $0.isHeld = false }
        #expect(try await patient.value.accessKeyID == "K2")
    }

    @Test("the source that gave some is asked again, and no other, also when it fails")
    func faithful() async throws {
        let first = Source()
        let second = Source()
        let provider = first.provider(after: [])
        let both = CredentialProvider([first, second], now: { Timestamp(seconds: first.state.withLock(\.now)) })
        _ = try await both.credentials()
        first.change { $0.failure = StoreError(.unavailable, "it is down") }
        first.advance(4_000)
        let error = await #expect(throws: StoreError.self) { try await both.credentials() }
        #expect(error?.code == .unavailable && second.fetches == 0)
        _ = provider
    }

    @Test("what has expired already is refused, and none at all is an error that says where they were looked for")
    func nothing() async throws {
        let source = Source()
        source.change { $0.life = -5 }
        let expired = await #expect(throws: StoreError.self) { try await source.provider().credentials() }
        #expect(expired?.code == .permissionDenied)
        #expect(expired?.message.contains("expired") == true)
        let none = await #expect(throws: StoreError.self) { try await CredentialProvider([Nothing()]).credentials() }
        #expect(none?.code == .permissionDenied)
        #expect(none?.message.contains("nowhere") == true)
    }

    @Test("nothing of them shows, however they are printed")
    func secrecy() throws {
        let credentials = try Credentials(
            accessKeyID: "HIDDENID", secretAccessKey: "HIDDENSECRET", sessionToken: "HIDDENTOKEN", from: "the test")
        var dumped = ""
        dump(credentials, to: &dumped)
        dump([credentials: 1] as KeyValuePairs, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\(Optional(credentials) as Any)"] {
            #expect(!text.contains("HIDDEN"))
        }
    }

    @Test(
        "what can stand in no header is refused, without being told",
        arguments: ["", "a b", "a\r\nX: y", "é", "a\u{0}"])
    func injection(_ value: String) {
        for (key, secret, token) in [(value, "s", "t"), ("k", value, "t"), ("k", "s", value)] {
            let error = #expect(throws: StoreError.self) {
                try Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: token, from: "the test")
            }
            #expect(error?.code == .invalidArgument)
            #expect(value.isEmpty || error?.message.contains(value) == false || value == "a b")
        }
    }
}

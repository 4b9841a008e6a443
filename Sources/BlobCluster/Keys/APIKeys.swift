internal import BlobCrypto
internal import Synchronization

/// The API keys of a store, and whether one that somebody shows is valid.
///
/// A valid key is remembered for one heartbeat, so that is the bound after which a revocation holds on every node. An
/// absence is never remembered. Ids that this node has not seen before are looked up at a limited rate, so that
/// guessing costs the storage little.
public final class APIKeys: Sendable {
    /// A new key. It is shown once: only its hash is stored.
    public struct Issued: Sendable {
        /// What its owner sends.
        public let token: String
        /// What is stored of it.
        public let record: KeyRecord
    }

    private struct Remembered: Sendable {
        let record: KeyRecord
        let until: Duration
    }

    private struct State: Sendable {
        var remembered: [String: Remembered] = [:]
        /// When all lookups of unknown ids so far are paid for.
        var paidUpAt = .zero - APIKeys.lookupBurst
    }

    static let maximumRemembered = 4_096
    private static let lookupPrice = Duration.milliseconds(100)
    private static let lookupBurst = Duration.seconds(2)

    private let storage: any Storage
    private let timing: ClusterTiming
    private let clock: NodeClock
    private let state = Mutex(State())
    private let lookups = AsyncSemaphore(places: 4)

    /// The keys in that server root's storage.
    public init(_ storage: any Storage, timing: ClusterTiming = ClusterTiming(), clock: NodeClock = .ofMachine) {
        self.storage = storage
        self.timing = timing
        self.clock = clock
    }

    /// The keys of that store.
    public convenience init(of store: PackageStore, timing: ClusterTiming = ClusterTiming()) {
        self.init(store.server.storage, timing: timing)
    }

    /// Makes a key.
    /// - Parameter expires: from then on it is refused; nil for never.
    /// - Throws: `invalidArgument` for a key that allows nothing.
    public func create(
        _ name: String, _ grants: [KeyRecord.Grant], by user: String, expires: Timestamp? = nil
    ) async throws(StoreError) -> Issued {
        if grants.isEmpty { throw StoreError(.invalidArgument, "the key \"\(name)\" allows nothing; name a scope") }
        let token = KeyToken()
        guard let hash = token.hash else {
            throw StoreError(.unsupported, "this machine cannot hash with SHA-256")
        }
        let record = KeyRecord(
            id: token.id, name: name, sha256: Hex.text(hash), grants: grants, created: clock.date(), by: user,
            expires: expires, revoked: nil)
        _ = try await storage.create(KeyToken.key(token.id), record)
        return Issued(token: token.text, record: record)
    }

    /// All keys, in the order of their ids.
    /// - Throws: `corrupt` where one cannot be read.
    /// - Cost: one listing, and one request a key.
    public func all() async throws(StoreError) -> [KeyRecord] {
        var records: [KeyRecord] = []
        for try await page in storage.list(ListRequest(KeyRecord.folder)) {
            for case .key(let key, _) in page where key.isRecord {
                if let stored: Stored<KeyRecord> = try await storage.document(key) { records.append(stored.body) }
            }
        }
        return records
    }

    /// Makes a key invalid: here at once, on the other nodes within a heartbeat.
    /// - Throws: `notFound`.
    public func revoke(_ id: String) async throws(StoreError) {
        guard KeyToken.isID(id) else { throw StoreError(.notFound, "there is no key \"\(id.prefix(40))\"") }
        let now = clock.date()
        _ = try await storage.update(KeyToken.key(id)) { (record: KeyRecord) -> KeyRecord? in
            if record.revoked != nil { return nil }
            var next = record
            next.revoked = now
            return next
        }
        state.withLock { _ = $0.remembered.removeValue(forKey: id) }
    }

    /// Removes the records of keys that have expired or were revoked more than ``ClusterTiming/retention`` ago.
    /// - Returns: how many.
    public func removeForgotten() async throws(StoreError) -> Int64 {
        let limit = clock.date().seconds - timing.retention.components.seconds
        var count: Int64 = 0
        for record in try await all() where (record.revoked ?? record.expires).map({ $0.seconds < limit }) ?? false {
            try await storage.removeRecord(KeyToken.key(record.id))
            count += 1
        }
        return count
    }

    /// Finds the key that somebody shows.
    /// - Returns: nil where it is not valid.
    /// - Throws: `unavailable` when it cannot be found out now: the storage does not answer, or there were too many
    ///   unknown keys lately.
    /// - Cost: nothing for a key that was seen within a heartbeat, else one request.
    public func key(_ text: some StringProtocol & Sendable) async throws(StoreError) -> KeyRecord? {
        guard let token = KeyToken(text), let record = try await record(of: token) else { return nil }
        guard token.matches(record), record.isValid(at: clock.date()) else { return nil }
        return record
    }

    /// The key that somebody shows, where it was seen within a heartbeat and is valid; nil where it must be looked up.
    /// - Cost: never waits.
    public func known(_ text: some StringProtocol) -> KeyRecord? {
        guard let token = KeyToken(text), let record = remembered(token.id) else { return nil }
        return token.matches(record) && record.isValid(at: clock.date()) ? record : nil
    }

    private func record(of token: KeyToken) async throws(StoreError) -> KeyRecord? {
        if let record = remembered(token.id) { return record }
        return try await lookups.pass { () async throws(StoreError) in
            // Another request for it may have come first.
            if let record = remembered(token.id) { return record }
            try pay(for: token.id)
            let asked = clock.now()
            let stored: Stored<KeyRecord>? = try await storage.document(KeyToken.key(token.id))
            remember(stored?.body, token: token, asked: asked)
            return stored?.body
        }
    }

    private func remembered(_ id: String) -> KeyRecord? {
        state.withLock { state in
            state.remembered[id].flatMap { clock.now() < $0.until ? $0.record : nil }
        }
    }

    /// Lets a lookup pass that has not been paid for; those of keys that were valid not long ago are free.
    private func pay(for id: String) throws(StoreError) {
        let isPaid = state.withLock { state in
            if state.remembered[id] != nil { return true }
            let now = clock.now()
            let start = max(state.paidUpAt, now - Self.lookupBurst)
            if start + Self.lookupPrice > now { return false }
            state.paidUpAt = start + Self.lookupPrice
            return true
        }
        if !isPaid { throw StoreError(.unavailable, "too many unknown keys were tried lately; try again in a moment") }
    }

    /// Only what somebody knows the secret of is remembered: nobody fills the memory by guessing.
    private func remember(_ record: KeyRecord?, token: KeyToken, asked: Duration) {
        state.withLock { state in
            guard let record else { return state.remembered[token.id] = nil }
            guard token.matches(record) else { return }
            if state.remembered.count >= Self.maximumRemembered {
                let now = clock.now()
                state.remembered = state.remembered.filter { now < $0.value.until }
                if state.remembered.count >= Self.maximumRemembered { state.remembered = [:] }
            }
            state.remembered[token.id] = Remembered(record: record, until: asked + timing.heartbeat)
        }
    }
}

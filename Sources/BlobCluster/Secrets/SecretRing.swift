internal import BlobCrypto
internal import Synchronization

/// A secret that all nodes of a store share. Its text never shows the secret itself.
public struct Secret: Sendable, CustomStringConvertible {
    static let sizeBytes = 32

    /// Names it; no secret.
    public let id: String
    /// 32 random bytes.
    public let bytes: [UInt8]

    public var description: String { "secret \(id)" }

    /// Signs a message.
    /// - Throws: `unsupported` where this machine's policy forbids SHA-256.
    public func code(of message: some Sequence<UInt8>) throws(StoreError) -> [UInt8] {
        guard let code = HMAC.sha256(message, key: bytes) else {
            throw StoreError(.unsupported, "this machine cannot hash with SHA-256")
        }
        return code
    }
}

/// The secrets that all nodes of a store share, as this node knows them.
///
/// A new secret is first added, and becomes the current one only when every live node has said in its heartbeat that it
/// knows it. So whatever one node signs, each other can verify. A former secret stays in the ring until somebody
/// removes it, so a rotation ends no session.
public final class SecretRing: Sendable {
    /// More are not kept: a secret that nobody removes would be valid for ever.
    public static let maximumSecrets = 8
    private static let shortestPause = Duration.seconds(1)

    private struct State: Sendable {
        var stored: Stored<SecretsRecord>
        var readAt: Duration
    }

    private let storage: any Storage
    private let clock: NodeClock
    private let state: Mutex<State>

    private init(_ storage: any Storage, clock: NodeClock, stored: Stored<SecretsRecord>) {
        self.storage = storage
        self.clock = clock
        state = Mutex(State(stored: stored, readAt: clock.now()))
    }

    /// Reads the ring, and makes one with a first secret where there is none.
    /// - Cost: one request; three for the first node.
    public static func open(
        _ storage: any Storage, node: NodeName, clock: NodeClock = .ofMachine
    ) async throws(StoreError) -> SecretRing {
        while true {
            if let stored: Stored<SecretsRecord> = try await storage.document(SecretsRecord.key) {
                return SecretRing(storage, clock: clock, stored: stored)
            }
            let first = entry(node, clock)
            do throws(StoreError) {
                let record = SecretsRecord(current: first.id, ring: [first])
                return SecretRing(storage, clock: clock, stored: try await storage.create(SecretsRecord.key, record))
            } catch  where error.code == .preconditionFailed {}  // Another node was faster.
        }
    }

    private static func entry(_ node: NodeName, _ clock: NodeClock) -> SecretsRecord.Entry {
        SecretsRecord.Entry(
            id: Hex.text(randomBytes(4)), secret: Hex.text(randomBytes(Secret.sizeBytes)),
            created: clock.date(), by: node.text)
    }

    private var record: SecretsRecord { state.withLock { $0.stored.body } }

    /// The secret to sign with, as far as this node knows.
    public var current: Secret { Self.secret(record.current, in: record) ?? Secret(id: "", bytes: randomBytes(32)) }

    /// Whether there is a secret that is not in use yet.
    public var isRotating: Bool { pending != nil }

    /// The latest, unless it is the current one already.
    private var pending: String? {
        let record = record
        return record.ring.last.flatMap { $0.id == record.current ? nil : $0.id }
    }

    /// What a heartbeat tells of the ring.
    public var known: SecretsKnown {
        get throws(StoreError) {
            let record = record
            var text: [UInt8] = []
            for entry in record.ring.sorted(by: { $0.id < $1.id }) {
                guard let secret = Self.secret(entry.id, in: record) else { continue }
                text += Array(entry.id.utf8) + (try secret.code(of: "fingerprint".utf8))
            }
            let digest = Hasher.hex(.sha256, of: text) ?? ""
            return SecretsKnown(ids: record.ring.map(\.id).sorted(), fingerprint: String(digest.prefix(16)))
        }
    }

    private static func secret(_ id: String, in record: SecretsRecord) -> Secret? {
        record.ring.first { $0.id == id }.flatMap { entry in
            Hex.bytes(entry.secret.utf8).map { Secret(id: entry.id, bytes: $0) }
        }
    }

    /// The secret that something was signed with; nil where there is none of that id.
    ///
    /// What this node does not know may be new: a node that was cut off for a while reads the ring again, at most once
    /// a second.
    public func secret(_ id: String) async throws(StoreError) -> Secret? {
        if let secret = Self.secret(id, in: record) { return secret }
        let isDue = state.withLock { state in
            let isDue = clock.now() - state.readAt >= Self.shortestPause
            if isDue { state.readAt = clock.now() }
            return isDue
        }
        if isDue { try await refresh() }
        return Self.secret(id, in: record)
    }

    /// Reads the ring again.
    /// - Cost: one request.
    public func refresh() async throws(StoreError) {
        guard let stored: Stored<SecretsRecord> = try await storage.document(SecretsRecord.key) else {
            throw StoreError(.notFound, "the shared secrets (\(SecretsRecord.key)) are gone; restore them, or restart")
        }
        keep(stored)
    }

    private func keep(_ stored: Stored<SecretsRecord>) {
        state.withLock { $0 = State(stored: stored, readAt: clock.now()) }
    }

    /// The secrets of that store; makes a first one where there is none.
    /// - Cost: one request; three for the first node.
    public static func open(of store: PackageStore) async throws(StoreError) -> SecretRing {
        try await open(store.server.storage, node: store.node)
    }

    /// Adds a secret, which is not used yet.
    /// - Returns: its id.
    /// - Throws: `alreadyExists` while another one waits to be used; `outOfSpace` when the ring is full.
    public func add(by node: NodeName) async throws(StoreError) -> String {
        let entry = Self.entry(node, clock)
        try await change { (record) throws(StoreError) in
            if let last = record.ring.last, last.id != record.current {
                throw StoreError(.alreadyExists, "the secret \(last.id) is not known to all nodes yet; wait for that")
            }
            if record.ring.count >= Self.maximumSecrets {
                throw StoreError(
                    .outOfSpace,
                    "the ring holds \(Self.maximumSecrets) secrets already; remove the former ones with \"blobtool key forget-secrets\""
                )
            }
            record.ring.append(entry)
        }
        return entry.id
    }

    /// Begins to use the secret that was added, once every live node knows it.
    /// - Parameter nodes: what the registry says now.
    /// - Returns: whether there is none that waits any more.
    /// - Throws: `unknownFormat`, `corrupt` and whatever reading the record of some node threw: what it knows cannot be
    ///   told.
    public func promote(ifKnownTo nodes: [NodeStatus]) async throws(StoreError) -> Bool {
        guard let pending else { return true }
        for status in nodes {
            if case .unknown(let error) = status.state { throw error }
            if status.state == .alive, status.record?.about.secrets?.ids.contains(pending) != true { return false }
        }
        try await change { (record) throws(StoreError) in
            if record.ring.contains(where: { $0.id == pending }) { record.current = pending }
        }
        return true
    }

    /// Removes a former secret: what was signed with it is valid no more.
    /// - Throws: `invalidArgument` for the current one.
    public func remove(_ id: String) async throws(StoreError) {
        try await change { (record) throws(StoreError) in
            if record.current == id {
                throw StoreError(.invalidArgument, "the secret \(id) is in use; add another one first")
            }
            record.ring.removeAll { $0.id == id }
        }
    }

    /// Removes all former secrets: what was signed with them is valid no more. The current one stays, and a new one.
    /// - Returns: how many.
    public func removeFormer() async throws(StoreError) -> Int {
        var count = 0
        try await change { (record) throws(StoreError) in
            let former = record.ring.prefix { $0.id != record.current }.count
            record.ring.removeFirst(former)
            count = former
        }
        return count
    }

    private func change(_ change: (inout SecretsRecord) throws(StoreError) -> Void) async throws(StoreError) {
        keep(
            try await storage.update(SecretsRecord.key) { (body: SecretsRecord) throws(StoreError) in
                var next = body
                try change(&next)
                return next
            })
    }
}

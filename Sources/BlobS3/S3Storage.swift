internal import BlobSystem
public import ObjectStorage

/// A storage in a bucket of an S3-compatible server.
///
/// Objects and records stand under the root's prefix and their key. Records change by conditional writes; whether the
/// server keeps to those is measured on the first write to a root, and kept beside its records. What the server
/// acknowledged is durable.
///
/// *Cost*: one request for most operations; memory is bounded by the parts under way in the whole process.
/// - Source: Amazon S3 API Reference, and what real servers were measured to do.
public final class S3Storage: Storage {
    public let address: String

    let session: S3Session
    /// Empty, or with a slash at its end.
    let prefix: String
    let learned: LearnedCapabilities
    /// For files that content is spooled to.
    let pool: BlockingPool
    /// A write without conditions waits for its turn.
    let oneWriter = AsyncSemaphore(places: 1)

    /// - Parameters:
    ///   - address: the root's URL.
    ///   - isForOneWriter: whether a server without conditional writes is accepted, for one process that writes.
    init(
        _ session: S3Session, prefix: String, address: String, memory: CapabilityCache, isForOneWriter: Bool
    ) {
        self.address = address
        self.session = session
        self.prefix = prefix
        learned = LearnedCapabilities(
            CapabilityProbe(session: session, prefix: prefix), memory: memory, isForOneWriter: isForOneWriter)
        pool = BlockingPool(name: "blob-s3", limits: BlockingPool.Limits(threads: 4))
    }

    /// With nothing known of the server.
    package convenience init(_ session: S3Session, prefix: String, address: String, isForOneWriter: Bool = false) {
        self.init(
            session, prefix: prefix, address: address, memory: CapabilityCache(), isForOneWriter: isForOneWriter)
    }

    /// With a server of which everything is known.
    package convenience init(_ session: S3Session, prefix: String, address: String, assuming found: ServerCapabilities)
    {
        self.init(session, prefix: prefix, address: address)
        assume(found)
    }

    /// Takes for known what the server promises.
    package func assume(_ found: ServerCapabilities) { learned.assume(found) }

    /// What is known of the server by now.
    package var learnt: ServerCapabilities? { learned.known }

    /// Makes sure that a root can be made here: the bucket is there, and the server keeps to what many writers need.
    /// - Throws: `notFound`, `unsupported` by name of the missing guarantee, `invalidArgument` for too long a prefix.
    package func prepareRoot() async throws(StoreError) {
        let room = Key.maximumBytes - Self.longestKeyBytes
        guard prefix.utf8.count <= room else {
            throw StoreError(
                .invalidArgument,
                "the prefix of \(address) is longer than \(room) bytes, which leaves no room for keys")
        }
        try await during("create") { () async throws(StoreError) in
            // A listing, since a HEAD cannot tell why it is refused.
            _ = try await session.send(listCall(ListPage(limit: 1)), for: ObjectListingAnswer.self)
            _ = try await learned.required()
        }
    }

    /// What a root's own layout needs at most.
    private static let longestKeyBytes = 900

    /// Known without asking the server; what was not yet measured is assumed to hold, and measured before it is
    /// relied upon.
    public var capabilities: Capabilities {
        let found = learned.known
        var advice: [String] = []
        if let missing = found?.missing {
            advice.append(
                "\(session.address.endpoint) does not support \(missing); let only one process at a time write to this root"
            )
        }
        return Capabilities(
            sharedWriters: found?.allowsSharing ?? true, atomicMove: false, copyWithoutBytes: true,
            largestObjectBytes: PartPlan.largestObjectBytes, spoolsAboveBytes: Int64(S3Upload.bytesInMemory),
            advice: advice)
    }

    /// Returns at once: a bucket's name cannot come to mean another place.
    public func checkLocation() async throws(StoreError) {}

    /// Connections are the process's, and stay.
    public func close() async {
        await pool.close()
    }
}

extension S3Storage {
    /// The object's whole name in the bucket.
    func name(_ key: Key) throws(StoreError) -> String {
        let name = prefix + key.text
        if name.utf8.count <= Key.maximumBytes { return name }
        throw StoreError(
            .invalidKey, "the key \"\(key)\" is longer than \(Key.maximumBytes) bytes together with the root's prefix")
    }

    /// Says of every error what it happened to.
    func during<Value>(
        _ operation: String, _ key: Key? = nil, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        do { return try await body() } catch {
            throw error.during(operation, key: key?.text, root: address)
        }
    }
}

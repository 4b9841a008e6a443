internal import BlobHTTP
internal import FoundationEssentials
public import ObjectStorage
internal import Synchronization

/// Roots in buckets: `s3://bucket/prefix?endpoint=…&region=…`, or an access point's ARN in the bucket's place.
public struct S3Scheme: StorageScheme {
    private let connections: S3Connections
    private let isForOneWriter: Bool

    /// - Parameters:
    ///   - connections: what all buckets share.
    ///   - isForOneWriter: whether a server that keeps to no conditional writes is accepted for a root that only one
    ///     process writes to. Such a root remembers it.
    public init(_ connections: S3Connections = S3Connections(), isForOneWriter: Bool = false) {
        self.connections = connections
        self.isForOneWriter = isForOneWriter
    }

    /// Loads libcurl now rather than with the first bucket, for a process that runs for long: so all libraries come
    /// from one moment, whatever is upgraded meanwhile. That it is missing is told to whoever opens a bucket.
    public static func loadLibrary() { try? HTTPClient.expectLibrary() }

    public var name: String { "s3" }
    public var form: String { "s3://bucket/prefix?endpoint=…&region=…" }

    public func canonical(_ url: RootURL) throws(StoreError) -> RootURL { try BucketPlace(url).url }

    /// Two buckets of one name are taken for one unless each names another endpoint.
    public func mayShareSpace(_ one: RootURL, _ other: RootURL) -> Bool {
        guard one.authority == other.authority else { return false }
        guard let mine = one.settings["endpoint"], let theirs = other.settings["endpoint"] else { return true }
        return Self.plain(mine) == Self.plain(theirs)
    }

    private static func plain(_ endpoint: String) -> String {
        var text = endpoint.lowercased()
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    public func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        let place = try BucketPlace(url)
        return try await S3Storage.open(
            bucket: place.bucket, prefix: place.prefix, settings: url.settings, address: url.description,
            with: connections, isForOneWriter: isForOneWriter)
    }

    public func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        let place = try BucketPlace(url)
        return try await S3Storage.create(
            bucket: place.bucket, prefix: place.prefix, settings: url.settings, address: url.description,
            with: connections, isForOneWriter: isForOneWriter)
    }
}

// MARK: - What buckets share

/// What the buckets that a process opens have in common: connections, and credentials that are fetched once.
public final class S3Connections: Sendable {
    private struct State {
        /// By the file of certificate authorities.
        var clients: [String: HTTPClient] = [:]
        /// By the profile that a root's URL names.
        var providers: [String: CredentialProvider] = [:]
    }

    private let environment: [String: String]
    private let threads: Int
    let memory = CapabilityCache()
    private let state = Mutex(State())

    /// - Parameters:
    ///   - threads: how many loops run the transfers; one is enough for some thousand requests a second.
    ///   - environment: the variables that AWS' tools read; nil for the process's own.
    public init(threads: Int = 1, environment: [String: String]? = nil) {
        self.threads = threads
        self.environment = environment ?? ProcessInfo.processInfo.environment
    }

    /// A bucket's session, with settings from the root's URL, the environment and the profile.
    func session(bucket: String, settings: [String: String]) async throws(StoreError) -> S3Session {
        let profile = settings["profile"].flatMap { $0.isEmpty ? nil : $0 }
        let files = try await SharedFiles(profile: profile, environment: environment)
        let found = try ConnectionSettings(url: settings, environment: environment, files: files)
        let address = try found.address(of: bucket)
        try HTTPClient.expectLibrary()
        let client = client(found.certificates)
        return S3Session(
            address, account: profile ?? "", terms: try WriteTerms(url: settings),
            keys: S3Session.KeySource(provider(profile, client)), client: client)
    }

    private func client(_ certificates: String?) -> HTTPClient {
        state.withLock { state in
            if let known = state.clients[certificates ?? ""] { return known }
            let client = HTTPClient(threads: threads, certificates: certificates, advice: .s3)
            state.clients[certificates ?? ""] = client
            return client
        }
    }

    private func provider(_ profile: String?, _ client: HTTPClient) -> CredentialProvider {
        state.withLock { state in
            if let known = state.providers[profile ?? ""] { return known }
            let provider = CredentialProvider.standard(profile: profile, environment: environment, client: client)
            state.providers[profile ?? ""] = provider
            return provider
        }
    }
}

extension S3Storage {
    /// Opens a place in a bucket; sends nothing.
    /// - Parameters:
    ///   - prefix: empty, or with a slash at its end.
    ///   - settings: `endpoint`, `region`, `style`, `profile`, `sse` and what else the root's URL has.
    ///   - address: the root's URL, for people.
    ///   - isForOneWriter: whether a server without conditional writes is accepted, for one process that writes.
    /// - Throws: `invalidArgument` for settings that cannot be; what reading the profile throws.
    public static func open(
        bucket: String, prefix: String, settings: [String: String], address: String,
        with connections: S3Connections, isForOneWriter: Bool = false
    ) async throws(StoreError) -> S3Storage {
        let session: S3Session
        do { session = try await connections.session(bucket: bucket, settings: settings) } catch {
            throw error.during("open", root: address)
        }
        return S3Storage(
            session, prefix: prefix, address: address, memory: connections.memory, isForOneWriter: isForOneWriter)
    }

    /// Opens a place in a bucket for a new root, and finds out whether the server keeps to what it needs.
    /// - Throws: as ``open(bucket:prefix:settings:address:with:isForOneWriter:)``; `notFound` for the bucket;
    ///   `unsupported` by name of the missing guarantee; what requests throw.
    public static func create(
        bucket: String, prefix: String, settings: [String: String], address: String,
        with connections: S3Connections, isForOneWriter: Bool = false
    ) async throws(StoreError) -> S3Storage {
        let storage = try await open(
            bucket: bucket, prefix: prefix, settings: settings, address: address, with: connections,
            isForOneWriter: isForOneWriter)
        do { try await storage.prepareRoot() } catch {
            await storage.close()
            throw error
        }
        return storage
    }
}

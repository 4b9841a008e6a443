public import BlobStore
internal import FoundationEssentials
internal import Synchronization

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
    let memory = GuaranteeMemory()
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
        let address = BucketAddress(
            bucket: bucket, region: found.region, endpoint: found.endpoint,
            style: found.addressingStyle.flatMap(BucketAddress.Style.init))
        let client = client(found.certificates)
        let provider = provider(profile, client)
        let keys = S3Session.KeySource { () async throws(StoreError) in
            try await provider.credentials().key
        } reject: {
            provider.reject($0)
        }
        return S3Session(address, account: profile ?? "", keys: keys, client: client)
    }

    private func client(_ certificates: String?) -> HTTPClient {
        state.withLock { state in
            if let known = state.clients[certificates ?? ""] { return known }
            let client = HTTPClient(threads: threads, certificates: certificates)
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
    ///   - settings: `endpoint`, `region`, `style` and `profile`, as the root's URL has them.
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

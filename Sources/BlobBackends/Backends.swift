internal import BlobFS
internal import BlobS3
public import BlobStore
internal import Logging

/// Turns root URLs into storages: the one list of schemes, and the one stack of decorators.
public struct Backends: StorageOpener {
    /// The schemes of all backends that this knows.
    public let schemes: StorageSchemes
    /// What all storages that are opened here share.
    private let bandwidth: TokenBucket?

    /// - Parameters:
    ///   - threads: how many blocking calls a root on a filesystem may have under way.
    ///   - bytesPerSecond: how much all roots together may move; nil for as much as they can.
    ///   - isForOneWriter: whether a bucket whose server keeps to no conditional writes is accepted for a root that
    ///     only one process writes to. Such a root remembers it.
    ///   - others: schemes of other packages.
    public init(
        threads: Int = 32, bytesPerSecond: Int64? = nil, isForOneWriter: Bool = false,
        adding others: [any StorageScheme] = []
    ) {
        schemes = StorageSchemes(
            [FileScheme(FileStorageOptions(threads: threads)), S3Scheme(isForOneWriter: isForOneWriter)] + others)
        bandwidth = bytesPerSecond.map { TokenBucket(bytesPerSecond: $0) }
    }

    /// Loads now what backends else load when they are first used. For a process that runs for long.
    public static func loadLibraries() { S3Scheme.loadLibrary() }

    public func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        stacked(try await schemes.open(url, inside: outer))
    }

    public func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        stacked(try await schemes.create(url, inside: outer))
    }

    /// A storage with what was asked for before it, the outermost last; with nothing where nothing was.
    private func stacked(_ storage: any Storage) -> any Storage {
        let observed = ObservingStorage.ifAnybodyListens(to: storage, logger: Logger(label: "blobstore.storage"))
        guard let bandwidth else { return observed }
        return ThrottledStorage(observed, bucket: bandwidth)
    }
}

extension PackageStore {
    /// Opens the server root at a path or URL.
    /// - Parameters:
    ///   - node: this node's name.
    ///   - rootID: the id that the root must carry, where it is pinned.
    /// - Throws: `wrongRoot` when there is none, or another; `invalidArgument` for what is no URL or name.
    public static func open(
        _ url: String, node: String, rootID: String? = nil
    ) async throws(StoreError) -> PackageStore {
        let backends = Backends()
        return try await open(backends.schemes.url(url), node: NodeName(node), rootID: rootID, with: backends)
    }
}

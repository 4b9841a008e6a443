internal import BlobFS
internal import BlobS3
public import BlobStore

/// Turns root URLs into storages: the one place that knows every backend.
public struct Backends: StorageOpener {
    private let options: FileStorageOptions
    /// What all storages that are opened here share.
    private let bandwidth: TokenBucket?
    private let connections = S3Connections()
    private let isForOneWriter: Bool

    /// - Parameters:
    ///   - threads: how many blocking calls a root on a filesystem may have under way.
    ///   - bytesPerSecond: how much all roots together may move; nil for as much as they can.
    ///   - isForOneWriter: whether a bucket whose server keeps to no conditional writes is accepted for a root that
    ///     only one process writes to. Such a root remembers it.
    public init(threads: Int = 32, bytesPerSecond: Int64? = nil, isForOneWriter: Bool = false) {
        self.isForOneWriter = isForOneWriter
        options = FileStorageOptions(threads: threads)
        bandwidth = bytesPerSecond.map { TokenBucket(bytesPerSecond: $0) }
    }

    public func open(_ url: RootURL) async throws(StoreError) -> any Storage {
        switch url.place {
        case .file(let path): stacked(try await FileStorage.open(path: path, options: options))
        case .s3(let bucket, let prefix, let settings):
            stacked(
                try await S3Storage.open(
                    bucket: bucket, prefix: prefix, settings: settings, address: url.description, with: connections,
                    isForOneWriter: isForOneWriter))
        }
    }

    public func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        switch url.place {
        case .file(let path):
            stacked(try await FileStorage.create(path: path, inside: outer?.path, options: options))
        case .s3(let bucket, let prefix, let settings):
            stacked(
                try await S3Storage.create(
                    bucket: bucket, prefix: prefix, settings: settings, address: url.description, with: connections,
                    isForOneWriter: isForOneWriter))
        }
    }

    /// A storage with the decorators that were asked for.
    private func stacked(_ storage: any Storage) -> any Storage {
        guard let bandwidth else { return storage }
        return ThrottledStorage(storage, bucket: bandwidth)
    }
}

extension RootURL {
    /// The path of a root on a filesystem.
    fileprivate var path: String? {
        if case .file(let path) = place { path } else { nil }
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
        try await open(RootURL(url), node: NodeName(node), rootID: rootID, with: Backends())
    }
}

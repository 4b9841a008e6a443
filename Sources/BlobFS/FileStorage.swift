public import BlobStore
internal import BlobSystem
internal import FoundationEssentials

/// A storage in a directory: a local disk, or an NFS or SMB mount that many nodes share.
///
/// Objects and the first write of a record are plain files under their keys; later writes of record `K` are
/// `K~/<N>`. Everything is finished and flushed in `staging/` before a hard link gives it its name, so that a name
/// is there with all its bytes or not at all, and exactly one of many writers gets it. No locks are taken, and
/// nothing is renamed over what others may read.
///
/// *Confinement*: the directory is opened once, and everything happens beneath that descriptor; no symbolic link is
/// followed and no mount entered.
///
/// *Cost*: blocking calls run on threads of this storage's own, a whole file operation at a time.
/// - Source: openat2(2), link(2), fsync(2), and what real mounts were measured to do.
public final class FileStorage: Storage {
    public let address: String

    let files: RootFiles
    private let pool: BlockingPool
    private let deadline: Duration

    private init(path: String, files: RootFiles, pool: BlockingPool, deadline: Duration) {
        address = "file://" + path
        self.files = files
        self.pool = pool
        self.deadline = deadline
    }

    /// Opens an existing directory. Nothing is written, unless it has a `staging/` already, where what the
    /// filesystem can do is then measured.
    /// - Parameter path: of the directory; symbolic links on the way to it are followed.
    /// - Throws: `notFound`, `invalidArgument` when it is no directory, `unsupported` on a kernel without openat2.
    public static func open(
        path: String, options: FileStorageOptions = FileStorageOptions()
    ) async throws(StoreError) -> FileStorage {
        try await open(path: path, options: options, creating: false)
    }

    /// Opens a directory, made with the usual permissions if it is missing, and those above it too; their names are
    /// durable on return. Nothing is written into it: it may turn out to be somebody else's.
    /// - Parameter outer: an existing root's directory; what is made below it gets its permissions and group, whatever
    ///   the umask.
    /// - Throws: as ``open(path:options:)``.
    public static func create(
        path: String, inside outer: String? = nil, options: FileStorageOptions = FileStorageOptions()
    ) async throws(StoreError) -> FileStorage {
        try await open(path: path, options: options, creating: true, inside: outer)
    }

    private static func open(
        path: String, options: FileStorageOptions, creating: Bool, inside outer: String? = nil
    ) async throws(StoreError) -> FileStorage {
        let path = try absolute(path)
        let pool = BlockingPool(name: "blob-fs", limits: BlockingPool.Limits(threads: options.threads))
        let calls = UninterruptedCalls(options.calls)
        let outcome = await pool.run(deadline: options.deadline) { (_) throws(StoreError) in
            if creating { try RootFiles.makeRoot(path, inside: outer, calls) }
            let files = try RootFiles(path: path, calls: calls)
            if try files.staging.exists() { _ = try files.measure() }
            return files
        }
        let files: RootFiles
        do throws(StoreError) { files = try outcome.value(during: "open", root: path) } catch {
            await pool.close(waitingAtMost: .milliseconds(100))
            throw error.during("open", root: path)
        }
        return FileStorage(path: path, files: files, pool: pool, deadline: options.deadline)
    }

    private static func absolute(_ path: String) throws(StoreError) -> String {
        if path.isEmpty || path.utf8.contains(0) {
            throw StoreError(.invalidArgument, "the path of a root is empty or has a NUL in it")
        }
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Known without asking the filesystem; what was not yet measured is assumed to work and measured before it is
    /// relied upon.
    public var capabilities: Capabilities { files.capabilities() }

    /// Makes `staging/`, and measures there what this filesystem can do.
    public func measure() async throws(StoreError) {
        _ = try await blocking("measure") { (files, _) throws(StoreError) in try files.measure() }
    }

    public func checkLocation() async throws(StoreError) {
        try await blocking("checkLocation") { (files, _) throws(StoreError) in try files.root.checkLocation() }
    }

    /// Lets what was begun end, and its threads leave; one that is stuck in a call is left behind after ten seconds.
    public func close() async {
        await pool.close()
    }
}

// MARK: - Blocking work

extension FileStorage {
    /// Runs a whole operation on a blocking thread, through a freshly opened root when the server has forgotten it.
    ///
    /// `body` may be run more than once, and finds its way from the root each time.
    func blocking<Value: Sendable>(
        _ operation: String, _ key: Key? = nil,
        _ body: @escaping @Sendable (RootFiles, any Patience) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if Task.isCancelled {
            throw StoreError(.cancelled, "cancelled").during(operation, key: key?.text, root: address)
        }
        let files = files
        let outcome = await pool.run(deadline: deadline) { (patience) throws(StoreError) in
            try files.root.steadily { () throws(StoreError) in try body(files, patience) }
        }
        return try outcome.value(during: operation, key: key, root: address)
    }

    /// Begins an operation on a blocking thread without waiting for it; `answer` is called once.
    func begin<Value: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (RootFiles, any Patience) throws(StoreError) -> Value,
        answer: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        let (files, address) = (files, address)
        pool.start(deadline: deadline) { (patience) throws(StoreError) in
            try files.root.steadily { () throws(StoreError) in try body(files, patience) }
        } answer: { (outcome: BlockingOutcome<Value, StoreError>) in
            answer(Result { () throws(StoreError) in try outcome.value(during: operation, root: address) })
        }
    }
}

extension BlockingOutcome where Failure == StoreError {
    /// What the job returned, or why there is nothing.
    func value(during operation: String, key: Key? = nil, root: String) throws(StoreError) -> Value {
        let failure: StoreError
        switch self {
        case .done(.success(let value)): return value
        case .done(.failure(let error)): failure = error
        case .expired(let hadBegun):
            failure = StoreError(
                .unavailable, "the filesystem did not answer in time: is the server up?",
                cause: .other(hadBegun ? Self.hadBegun : "was still waiting for a thread"))
        case .refused(.closed): failure = StoreError(.unavailable, "the storage was closed", isRetryable: false)
        case .refused(.queueFull):
            failure = StoreError(.unavailable, "too many operations wait for the filesystem: is the server up?")
        case .refused(.noThread): failure = StoreError(.unavailable, "this process can start no more threads")
        }
        if let whole = failure.ofWholeRoot(root) { throw whole.during(operation, root: root) }
        throw failure.during(operation, key: key?.text, root: root)
    }

    private static var hadBegun: String { StoreError.stillRunning }
}

extension StoreError {
    /// The cause of an expiry whose operation may still be at work.
    static let stillRunning = "was at work when the time was over"

    /// Whether an operation may still be at work, and its end will not be known.
    var mayStillHappen: Bool { cause == .other(Self.stillRunning) }
}

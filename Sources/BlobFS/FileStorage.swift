package import BlobSystem
internal import FoundationEssentials
public import ObjectStorage
internal import Synchronization

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
public final class FileStorage: ClockedStorage {
    public let address: String

    let mount: MountGuard
    let lanes: BlockingLanes
    let deadline: Duration
    let outage: Duration

    private init(path: String, root: OpenRoot, lanes: BlockingLanes, options: FileStorageOptions) {
        address = "file://" + path
        mount = MountGuard(root)
        self.lanes = lanes
        deadline = options.deadline
        outage = options.outage
    }

    /// The root as it is open now.
    var root: OpenRoot { mount.root }

    /// Opens an existing directory. Nothing is written, then or while it is only read; what the filesystem can do is
    /// measured when a call first fails as it does where that is missing.
    /// - Parameters:
    ///   - path: of the directory; symbolic links on the way to it are followed.
    ///   - outer: an existing root's directory; from there on no symbolic link is followed.
    /// - Throws: `notFound`, `invalidArgument` when it is no directory, `wrongRoot` where a link stands in the way,
    ///   `unsupported` on a kernel without openat2.
    public static func open(
        path: String, inside outer: String? = nil, options: FileStorageOptions = FileStorageOptions()
    ) async throws(StoreError) -> FileStorage {
        try await open(path: path, inside: outer, options: options, creating: false)
    }

    /// Opens a directory, made with the usual permissions if it is missing, and those above it too; their names are
    /// durable on return. Nothing is written into it: it may turn out to be somebody else's.
    /// - Parameter outer: an existing root's directory; what is made below it gets its permissions and group, whatever
    ///   the umask.
    /// - Throws: as ``open(path:inside:options:)``.
    public static func create(
        path: String, inside outer: String? = nil, options: FileStorageOptions = FileStorageOptions()
    ) async throws(StoreError) -> FileStorage {
        try await open(path: path, inside: outer, options: options, creating: true)
    }

    private static func open(
        path: String, inside outer: String?, options: FileStorageOptions, creating: Bool
    ) async throws(StoreError) -> FileStorage {
        let path = try absolute(path)
        let place = RootPath(path, inside: outer)
        let lanes = BlockingLanes(threads: options.threads)
        let (calls, failures) = (UninterruptedCalls(options.calls), options.flushFailures)
        let outcome = await lanes[.reading].run(deadline: options.deadline) { (_) throws(StoreError) in
            if creating { try OpenRoot.makeDirectory(place, calls: calls, lanes: lanes, failures: failures) }
            return try OpenRoot(place, calls: calls, lanes: lanes, failures: failures)
        }
        let root: OpenRoot
        do throws(StoreError) { root = try outcome.value(during: "open", root: path) } catch {
            await lanes.close(waitingAtMost: .milliseconds(100))
            throw error.during("open", root: path)
        }
        return FileStorage(path: path, root: root, lanes: lanes, options: options)
    }

    private static func absolute(_ path: String) throws(StoreError) -> String {
        if path.isEmpty || path.utf8.contains(0) {
            throw StoreError(.invalidArgument, "the path of a root is empty or contains a NUL byte")
        }
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Known without asking the filesystem; what was not yet measured is assumed to work, until a call fails.
    public var capabilities: Capabilities { root.capabilities() }

    /// Makes `staging/`, and measures there what this filesystem can do.
    public func measure() async throws(StoreError) {
        _ = try await blocking("measure", lane: .writing) { (root, _) throws(StoreError) in try root.measure() }
    }

    public func readClock() async throws(StoreError) {
        try await blocking("readClock", lane: .writing) { (root, _) throws(StoreError) in try root.readClock() }
    }

    public func checkLocation() async throws(StoreError) {
        let mount = mount
        try await blocking("checkLocation", lane: .reading) { (_, _) throws(StoreError) in try mount.check() }
    }

    /// Lets what was begun end, and its threads leave; one that is stuck in a call is left behind after ten seconds.
    public func close() async {
        await lanes.close()
    }
}

extension FileStorage: AnchoredStorage {
    /// Names the record that tells this root from others when it is mounted again.
    public func anchor(to key: Key, _ bytes: [UInt8]) { mount.anchor(to: key, bytes) }
}

/// How a root on a filesystem is worked with.
public struct FileStorageOptions: Sendable {
    /// At most this many threads are in system calls for this root at a time that read; and as many that write, and
    /// that flush.
    public var threads: Int
    /// An operation on files that takes longer is `unavailable` to its caller, e.g. when a mount hangs. What has much
    /// to flush or to remove may take longer by its size.
    public var deadline: Duration
    /// So long work on a share waits for a server that cannot be reached, where the mount itself does not wait.
    public var outage: Duration
    /// The system calls; tests put their own in.
    package var calls: any SystemCalls = LinuxCalls()
    /// Which flushes have failed; tests that stand for several processes put their own in.
    package var flushFailures = FlushFailures.ofThisProcess

    /// Options; the defaults suit a server.
    public init(threads: Int = 32, deadline: Duration = .seconds(120), outage: Duration = .seconds(60)) {
        self.threads = threads
        self.deadline = deadline
        self.outage = outage
    }
}

extension FileStorage {
    /// Runs a whole operation on a blocking thread, through a freshly opened root when the server has forgotten it, and
    /// again when a server that could not be reached is back.
    ///
    /// `body` may be run more than once, and finds its way from the root each time.
    /// - Parameters:
    ///   - lane: whose threads it takes; what changes anything that others see is `flushing`.
    ///   - extra: how much longer than others it may take, for its size.
    func blocking<Value: Sendable>(
        _ operation: String, _ key: Key? = nil, lane: BlockingLanes.Lane = .flushing, extra: Duration = .zero,
        _ body: @escaping @Sendable (OpenRoot, any JobDeadline) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if Task.isCancelled {
            throw StoreError(.cancelled, "cancelled").during(operation, key: key?.text, root: address)
        }
        let mount = mount
        var outage = Outage(of: self)
        while true {
            let outcome = await lanes[lane].run(deadline: deadline + extra) { (time) throws(StoreError) in
                try mount.run(changes: lane == .flushing) { (root) throws(StoreError) in try body(root, time) }
            }
            do throws(StoreError) { return try outcome.value(during: operation, key: key, root: address) } catch {
                try await outage.wait(or: error)
            }
        }
    }

    /// Begins an operation on a blocking thread without waiting for it; `answer` is called once.
    func begin<Value: Sendable>(
        _ operation: String, lane: BlockingLanes.Lane,
        _ body: @escaping @Sendable (OpenRoot, any JobDeadline) throws(StoreError) -> Value,
        answer: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        let (mount, address) = (mount, address)
        lanes[lane].start(deadline: deadline) { (time) throws(StoreError) in
            try mount.run(changes: false) { (root) throws(StoreError) in try body(root, time) }
        } answer: { (outcome: BlockingOutcome<Value, StoreError>) in
            answer(Result { () throws(StoreError) in try outcome.value(during: operation, root: address) })
        }
    }
}

extension Duration {
    /// How long a slow share may take to make so many bytes durable, beside what every operation may take.
    static func flushing(bytes: Int64) -> Duration { .seconds(bytes >> 20) }

    /// How long a slow share may take for so many names.
    static func changing(names: Int) -> Duration { .milliseconds(100) * names }
}

extension JobDeadline {
    /// Ends work that its caller was told has not ended in time, before it changes anything more.
    func expectTime(for deed: @autoclosure () -> String) throws(StoreError) {
        if isOver { throw StoreError(.unavailable, "\(deed()) was abandoned") }
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
            let expiry = StoreError(.unavailable, "the filesystem did not answer in time; is the server up?")
            failure = hadBegun ? expiry.under(.stillRunning) : expiry
        case .refused(.closed): failure = StoreError(.unavailable, "the storage was closed", isRetryable: false)
        case .refused(.queueFull):
            failure = StoreError(.unavailable, "too many operations are waiting for the filesystem; is the server up?")
        case .refused(.noThread): failure = StoreError(.unavailable, "this process cannot start more threads")
        }
        if let whole = failure.ofWholeRoot(root) { throw whole.during(operation, root: root) }
        throw failure.during(operation, key: key?.text, root: root)
    }
}

extension StoreError {
    /// What concerns the root as a whole, told of the root and with what to do; nil for what concerns the one file.
    fileprivate func ofWholeRoot(_ root: String) -> StoreError? {
        guard case .errno(let number, let call) = cause else { return nil }
        let errno = Errno(rawValue: number)
        let sentence: String
        switch errno {
        case .noSpace: sentence = "\(root) is full; free space there, and run the same command again"
        case .quotaExceeded:
            sentence = "the quota on \(root) is used up; raise it or free space, and run the same command again"
        case .readOnlyFilesystem: sentence = "\(root) is mounted read-only; mount it for writing"
        case .fileTooLarge: sentence = "the content is larger than \(root) or a limit of this process allows"
        case .accessDenied where circumstance == .wholeRoot, .notPermitted where circumstance == .wholeRoot:
            sentence = "this account may not write to \(root); grant it permission, or use another account"
        default: return nil
        }
        return StoreError(code, "\(sentence) (\(call): \(errno))", isRetryable: isRetryable, cause: cause)
    }
}

// MARK: - Threads

/// The threads of one root, in lanes, so that a burst of one kind of work holds up no other: a hundred flushes that
/// wait for a disk leave those who read alone.
final class BlockingLanes: Sendable {
    /// What an operation does that takes long.
    enum Lane: CaseIterable, Sendable {
        /// It looks, and changes nothing.
        case reading
        /// It moves bytes to where nobody else looks yet.
        case writing
        /// It changes what others see, and waits until that is durable.
        case flushing
    }

    private let reading: BlockingPool
    private let writing: BlockingPool
    private let flushing: BlockingPool

    /// - Parameter threads: at most so many for each lane.
    init(threads: Int) {
        let limits = BlockingPool.Limits(threads: threads)
        reading = BlockingPool(name: "blob-read", limits: limits)
        writing = BlockingPool(name: "blob-write", limits: limits)
        flushing = BlockingPool(name: "blob-flush", limits: limits)
    }

    subscript(lane: Lane) -> BlockingPool {
        switch lane {
        case .reading: reading
        case .writing: writing
        case .flushing: flushing
        }
    }

    /// Does what may block, at the end of something's life; see ``BlockingPool/aside(_:)``.
    func aside(_ work: @escaping @Sendable () -> Void) { writing.aside(work) }

    /// Lets what was begun end, and the threads leave.
    func close(waitingAtMost time: Duration = .seconds(10)) async {
        for lane in Lane.allCases { await self[lane].close(waitingAtMost: time) }
    }
}

// MARK: - What is waited for

/// A value that one side delivers once and the other waits for once.
final class Pending<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case delivered(Value)
        case taken
    }

    private let state = Mutex(State.empty)

    func deliver(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .taken
                return continuation
            }
            state = .delivered(value)
            return nil
        }
        waiting?.resume(returning: value)
    }

    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let there: Value? = state.withLock { state in
                if case .delivered(let value) = state {
                    state = .taken
                    return value
                }
                state = .waiting(continuation)
                return nil
            }
            if let there { continuation.resume(returning: there) }
        }
    }
}

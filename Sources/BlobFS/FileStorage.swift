package import BlobSystem
internal import FoundationEssentials
public import ObjectStorage

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
    /// measured before the first write.
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

    /// Known without asking the filesystem; what was not yet measured is assumed to work and measured before it is
    /// relied upon.
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

package import BlobSystem

/// How a root on a filesystem is worked with.
public struct FileStorageOptions: Sendable {
    /// At most this many threads are in system calls for this root at a time.
    public var threads: Int
    /// An operation on files that takes longer is `unavailable` to its caller, e.g. when a mount hangs.
    public var deadline: Duration
    /// The system calls; tests put their own in.
    package var calls: any SystemCalls = LinuxCalls()

    public init(threads: Int = 32, deadline: Duration = .seconds(120)) {
        self.threads = threads
        self.deadline = deadline
    }
}

internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// The root directory: opened once, and everything else relative to it.
final class FileRoot: Sendable {
    static let subject = "the root directory"
    private static let maximumReopenings = 3

    let path: String
    let calls: any SystemCalls
    let identity: FileStatus.Identity
    let filesystem: Filesystem
    let modes: Modes
    private let current: Mutex<OpenFile>

    /// - Throws: `notFound`; `invalidArgument` when it is no directory; `unsupported` on a kernel without openat2.
    init(path: String, calls: any SystemCalls) throws(StoreError) {
        self.path = path
        self.calls = calls
        let directory = try Self.open(path, calls)
        let status = try directory.status()
        identity = status.identity
        do { filesystem = Filesystem(type: try calls.filesystemType(of: directory.raw)) } catch {
            throw StoreError(error, call: "fstatfs", path)
        }
        modes = Modes(root: status, filesystem: filesystem, user: calls.effectiveUser)
        current = Mutex(directory)
        try Self.expectConfinement(directory)
    }

    private static func open(_ path: String, _ calls: any SystemCalls) throws(StoreError) -> OpenFile {
        do {
            let raw = try calls.open(path: path, [.readOnly, .directory], mode: 0)
            return OpenFile(Descriptor(raw, of: calls), subject)
        } catch {
            switch error {
            case .notFound:
                throw StoreError(
                    .notFound, "there is no directory \(path)", cause: .errno(error.rawValue, call: "open"))
            case .notDirectory:
                throw StoreError(
                    .invalidArgument, "\(path) is not a directory", cause: .errno(error.rawValue, call: "open"))
            default:
                throw StoreError(error, call: "open", path)
            }
        }
    }

    /// A kernel that cannot keep an open inside the root is refused rather than trusted.
    private static func expectConfinement(_ directory: OpenFile) throws(StoreError) {
        do {
            try directory.calls.close(
                directory.calls.open(".", beneath: directory.raw, [.readOnly, .directory], mode: 0))
        } catch {
            guard error == .noSuchCall else { throw StoreError(error, call: "openat2", subject) }
            throw StoreError(
                .unsupported,
                "this kernel has no openat2, which keeps files inside their root: Linux 5.6 or newer is needed",
                cause: .errno(error.rawValue, call: "openat2"))
        }
    }

    /// The root as it is open now.
    var directory: OpenFile { current.withLock { $0 } }

    /// Compares the path with the open directory.
    /// - Throws: `wrongRoot` when the path leads elsewhere, or nowhere.
    func checkLocation() throws(StoreError) {
        let found: FileStatus
        do { found = try calls.status(ofPath: path, followingLinks: true) } catch {
            guard error == .notFound || error == .notDirectory else { throw StoreError(error, call: "stat", path) }
            throw StoreError(
                .wrongRoot, "\(path) is no longer there: is the share still mounted?",
                cause: .errno(error.rawValue, call: "stat"))
        }
        let held = try directory.status().identity
        guard found.identity == identity, held == identity else {
            throw StoreError(
                .wrongRoot,
                "\(path) is another directory than the one that was opened: was the share unmounted or replaced?")
        }
    }

    /// Runs `body`, and again through a freshly opened root when a server has forgotten what it had given out.
    ///
    /// `body` finds its way from the root each time, and may be run more than once.
    func steadily<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        for _ in 0..<Self.maximumReopenings {
            let used = directory
            do { return try body() } catch {
                guard error.isStale else { throw error }
                try reopen(insteadOf: used)
            }
        }
        return try body()
    }

    private func reopen(insteadOf stale: OpenFile) throws(StoreError) {
        let fresh = try Self.open(path, calls)
        guard try fresh.status().identity == identity else {
            throw StoreError(.wrongRoot, "\(path) is another directory than the one that was opened")
        }
        current.withLock { if $0 === stale { $0 = fresh } }
    }
}

extension StoreError {
    /// Whether a server has forgotten a file that was open (ESTALE), and nothing was changed by then.
    var isStale: Bool { errno == .stale && code != .outcomeUnknown }

    /// The errno beneath, if there is one.
    var errno: Errno? {
        if case .errno(let value, _) = cause { Errno(rawValue: value) } else { nil }
    }
}

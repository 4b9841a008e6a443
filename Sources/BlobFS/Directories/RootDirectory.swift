internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// The way to a root's directory: any path, or one beneath the directory of another root, which is entered step by step
/// from there and never through a symbolic link.
struct RootPath: Sendable {
    let text: String
    /// The directory of the root that it lies in, and the names from there.
    private let inner: (outer: String, names: [String])?

    /// - Parameter outer: the directory of a root; where the path does not lie beneath it, it has no say.
    init(_ path: String, inside outer: String? = nil) {
        text = path
        let above = outer.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        guard let outer, let above, path.utf8.starts(with: above.utf8) else {
            inner = nil
            return
        }
        let names = path.utf8.dropFirst(above.utf8.count).split(separator: UInt8(ascii: "/")).map { String($0) ?? "" }
        let isPlain = !names.isEmpty && !names.contains { $0.isEmpty || $0 == "." || $0 == ".." }
        inner = isPlain ? (outer, names) : nil
    }

    private init(outer: String, names: [String]) {
        inner = names.isEmpty ? nil : (outer, names)
        text = ([outer] + names).joined(separator: "/")
    }

    /// The outer root's directory, and the folder of it that this is; nil where it lies in none.
    var folderOfOuter: (outer: String, folder: KeyPrefix)? {
        guard let inner, let folder = try? KeyPrefix(inner.names.joined(separator: "/") + "/") else { return nil }
        return (inner.outer, folder)
    }

    /// The directory above, and the name in it; nil for what stands directly in `/`.
    var parent: (path: RootPath, name: String)? {
        if let inner, let name = inner.names.last {
            return (RootPath(outer: inner.outer, names: inner.names.dropLast()), name)
        }
        guard let (folder, name) = FilePath.split(text), folder != "/" else { return nil }
        return (RootPath(folder), name)
    }

    /// - Throws: `notFound`; `invalidArgument` when it is no directory; `wrongRoot` when it leads through a symbolic
    ///   link inside of another root.
    func open(_ calls: any SystemCalls) throws(StoreError) -> Descriptor {
        guard let inner else { return try Self.open(text, calls) }
        var folder = try Self.open(inner.outer, calls)
        for name in inner.names { folder = try enter(name, in: folder) }
        return folder
    }

    /// Its status, by the shortest way: enough to tell whether it is still the directory that was opened.
    func status(_ calls: any SystemCalls) throws(StoreError) -> FileStatus {
        do { return try calls.status(ofPath: text, followingLinks: inner == nil) } catch {
            throw Self.failure(error, text, call: "stat")
        }
    }

    /// Makes what is missing inside of the outer root where a filesystem of its own is mounted, whose permissions are
    /// its own.
    func makeBelowMount(_ calls: any SystemCalls, _ failures: FlushFailures) throws(StoreError) {
        guard let inner else { return }
        var folder = try Self.open(inner.outer, calls)
        for name in inner.names {
            do { try calls.makeDirectory(name, durablyIn: folder.raw, failures) } catch {
                throw StoreError(error, call: "mkdirat", text)
            }
            folder = try enter(name, in: folder)
        }
    }

    /// - Throws: what stands in the way of the folder, other than that it is not there yet.
    func expectNothingInTheWay(_ calls: any SystemCalls) throws(StoreError) {
        do throws(StoreError) { _ = try open(calls) } catch {
            if error.code != .notFound { throw error }
        }
    }

    private func enter(_ name: String, in folder: borrowing Descriptor) throws(StoreError) -> Descriptor {
        do throws(Errno) {
            // Without O_NOFOLLOW, which would call a link no directory.
            return try folder.calls.opened(name, beneath: folder, .directory)
        } catch {
            if error == .crossDevice { return try enterMount(name, in: folder) }
            guard error == .tooManySymlinks else { throw Self.failure(error, text, call: "openat2") }
            throw StoreError(
                .wrongRoot, "\(text) leads through a symbolic link, and links inside a root are not followed",
                cause: .errno(error.rawValue, call: "openat2"))
        }
    }

    /// A filesystem of its own may be mounted there. The process's own link leads to the very folder that is open, so
    /// that this too stays beneath it; the name itself may be no link.
    private func enterMount(_ name: String, in folder: borrowing Descriptor) throws(StoreError) -> Descriptor {
        do throws(Errno) {
            return try folder.calls.opened(path: "/proc/self/fd/\(folder.raw)/\(name)", [.directory, .noFollow])
        } catch {
            throw Self.failure(error, text, call: "open")
        }
    }

    private static func open(_ path: String, _ calls: any SystemCalls) throws(StoreError) -> Descriptor {
        do throws(Errno) { return try calls.opened(path: path, .directory) } catch {
            throw failure(error, path, call: "open")
        }
    }

    private static func failure(_ errno: Errno, _ path: String, call: String) -> StoreError {
        let cause = StoreError.Cause.errno(errno.rawValue, call: call)
        return switch errno {
        case .notFound: StoreError(.notFound, "the directory \(path) does not exist", cause: cause)
        case .notDirectory: StoreError(.invalidArgument, "\(path) is not a directory", cause: cause)
        default: StoreError(errno, call: call, path)
        }
    }
}

// MARK: - The open directory

/// A root's directory: opened once, and everything else relative to it. Its identity tells whether a path still leads
/// to it.
final class RootDirectory: Sendable {
    static let subject = "the root directory"

    let path: RootPath
    let calls: any SystemCalls
    let lanes: BlockingLanes
    let identity: FileStatus.Identity
    let filesystem: Filesystem
    let modes: Modes
    private let current: Mutex<OpenFile>
    /// The directory as it was opened, for the first who would open it afresh: what stood there when it was opened
    /// shows, as if it were opened now.
    let justOpened: FirstLook<OpenFile>

    /// - Throws: as ``RootPath/open(_:)``; `unsupported` on a kernel without openat2.
    init(_ path: RootPath, calls: any SystemCalls, lanes: BlockingLanes) throws(StoreError) {
        self.path = path
        self.lanes = lanes
        let began = calls.timeSinceBoot
        let opened = try path.open(calls)
        let filesystem: Filesystem
        do { filesystem = Filesystem(type: try calls.filesystemType(of: opened.raw)) } catch {
            throw StoreError(error, call: "fstatfs", path.text)
        }
        self.filesystem = filesystem
        self.calls = filesystem.isShared ? Self.patient(calls, on: filesystem) : calls
        let directory = OpenFile(opened.release(), of: self.calls, lanes, Self.subject)
        let status = try directory.status()
        identity = status.identity
        modes = Modes(root: status, filesystem: filesystem, user: calls.effectiveUser)
        current = Mutex(directory)
        justOpened = FirstLook(directory, since: began, now: { calls.timeSinceBoot })
        try Self.expectConfinement(directory)
    }

    private static func patient(_ calls: any SystemCalls, on filesystem: Filesystem) -> any SystemCalls {
        let calls = calls as? UninterruptedCalls ?? UninterruptedCalls(calls)
        return calls.lookingAgain(doubtingAbsence: filesystem == .smb)
    }

    /// A kernel that cannot keep an open inside the root is refused rather than trusted.
    private static func expectConfinement(_ directory: OpenFile) throws(StoreError) {
        do {
            try directory.calls.close(directory.calls.open(".", beneath: directory.raw, [.place, .directory], mode: 0))
        } catch {
            guard error == .noSuchCall else { throw StoreError(error, call: "openat2", subject) }
            throw StoreError(
                .unsupported,
                "this kernel has no openat2, which keeps files inside their root; Linux 5.6 or newer is needed",
                cause: .errno(error.rawValue, call: "openat2"))
        }
    }

    /// Whether a call that failed so may have been done all the same, or may yet be: an answer got lost on its way.
    func mayStillHappen(_ error: Errno) -> Bool { filesystem.isShared && !error.isRefusal }

    /// The directory as it is open now.
    var open: OpenFile { current.withLock { $0 } }

    private func openAnew() throws(StoreError) -> OpenFile {
        OpenFile(try path.open(calls).release(), of: calls, lanes, Self.subject)
    }

    /// Compares the path with the open directory.
    /// - Parameter isThorough: whether the way is gone again step by step, or only looked at.
    /// - Throws: `wrongRoot` when the path leads elsewhere, or nowhere.
    func checkLocation(isThorough: Bool = true) throws(StoreError) {
        let found: FileStatus
        do throws(StoreError) {
            found = isThorough ? try openAnew().status() : try path.status(calls)
        } catch {
            guard error.code == .notFound || error.code == .invalidArgument else { throw error }
            throw StoreError(
                .wrongRoot, "\(path.text) is gone; is the share still mounted?", cause: error.cause)
        }
        let held = try open.status().identity
        guard found.identity == identity, held == identity else {
            throw StoreError(
                .wrongRoot,
                "\(path.text) is not the directory that was opened; was the share unmounted or replaced?")
        }
    }

    /// Opens the directory anew, in place of one that its server has forgotten, unless another thread was faster.
    func reopen(insteadOf stale: OpenFile) throws(StoreError) {
        let fresh = try openAnew()
        guard try fresh.status().identity == identity else {
            throw StoreError(.wrongRoot, "\(path.text) is not the directory that was opened")
        }
        current.withLock { if $0 === stale { $0 = fresh } }
        // It may be the one that was forgotten.
        _ = justOpened.take()
    }
}

extension Errno {
    /// Whether it says that a call which changes names was not done, rather than that nobody knows.
    fileprivate var isRefusal: Bool {
        switch self {
        case .noSpace, .quotaExceeded, .accessDenied, .notPermitted, .readOnlyFilesystem, .tooManyLinks, .notFound,
            .exists, .crossDevice, .nameTooLong, .tooManySymlinks, .notDirectory, .isDirectory, .notEmpty,
            .notSupported, .noSuchCall, .invalidArgument, .badDescriptor, .stale:
            true
        default: false
        }
    }
}

/// What kind of filesystem a root stands on, as far as it changes what can be promised.
enum Filesystem: Equatable, Sendable {
    /// A disk or memory of this machine; `syncfs` flushes many files at the price of one.
    case local
    /// Of this machine, but layered or copying: every file is flushed by itself.
    case localLayered
    /// Another machine or a user process is behind it, or it is not known: replies can be lost and calls repeated.
    case network
    /// The same, where a server answers for a changed name only once that is durable: a client has nothing to flush.
    /// - Source: RFC 1813, section 4.8 ("stable storage"), and RFC 8881, where it is said of each operation.
    case nfs
    /// The same, where two names of one file get in each other's way besides.
    case smb

    /// - Source: statfs(2), `f_type`.
    init(type: UInt64) {
        switch type {
        case 0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994: self = .local  // ext2-4, xfs, btrfs, tmpfs
        case 0x794C_7630, 0xF2F5_2010, 0x2FC1_2FC1: self = .localLayered  // overlayfs, f2fs, zfs
        case 0xFE53_4D42, 0xFF53_4D42, 0x517B: self = .smb
        case 0x6969: self = .nfs
        default: self = .network
        }
    }

    var isShared: Bool { self == .network || self == .nfs || self == .smb }
}

extension StoreError {
    /// Whether a server has forgotten a file that was open, and nothing was changed by then. A flush that failed so is
    /// not repeated: it would seem to succeed.
    var isStale: Bool {
        guard case .errno(let errno, let call) = cause, Errno(rawValue: errno).isForgotten else { return false }
        return call != "fsync" && code != .outcomeUnknown
    }

    /// The same failure of a call that may have been done nevertheless.
    /// - Parameter deed: e.g. `"a/b" was moved`.
    func leavingUnknown(_ deed: String) -> StoreError {
        StoreError(.outcomeUnknown, "it is unknown whether \(deed); look again (\(message))", cause: cause)
    }
}

// MARK: - Making one

extension OpenRoot {
    /// Makes a root's directory and those above it that are missing, and their names durable.
    ///
    /// Inside of another root they are its folders, with its permissions: who works there works here too.
    static func makeDirectory(
        _ path: RootPath, calls: any SystemCalls, lanes: BlockingLanes, failures: FlushFailures
    ) throws(StoreError) {
        guard let (outer, folder) = path.folderOfOuter else {
            return try makeOutside(path.text, calls: calls, failures: failures)
        }
        do {
            _ = try OpenRoot(RootPath(outer), calls: calls, lanes: lanes, failures: failures).folders.ensured(folder)
        } catch {
            guard error.errno == .crossDevice else {
                try path.expectNothingInTheWay(calls)
                throw error
            }
            try path.makeBelowMount(calls, failures)
        }
    }

    private static func makeOutside(
        _ path: String, calls: any SystemCalls, failures: FlushFailures
    ) throws(StoreError) {
        do { try calls.makeDirectories(path, failures) } catch {
            guard error.errno == .notDirectory else { throw StoreError(error.errno, call: error.call, error.path) }
            throw StoreError(
                .invalidArgument,
                "\(calls.obstacle(on: path) ?? path) is a file, not a directory; choose a free place or an empty "
                    + "directory", cause: .errno(error.errno.rawValue, call: error.call))
        }
    }
}

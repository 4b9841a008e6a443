internal import CBlobSystem
internal import Glibc

/// The system calls that a root on a filesystem is made of, raw: one call each, nothing repeated, nothing hidden.
///
/// Tests put a layer of their own in its place that fails, cuts the power or hangs. Names are single segments
/// beneath an open directory, so that nothing outside it is ever touched; only ``open(_:beneath:_:mode:)`` takes a
/// relative path of several.
package protocol SystemCalls: Sendable {
    /// Opens any path, following symbolic links: a root, or a file of the caller's.
    /// - Source: open(2).
    func open(path: String, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32
    /// Opens a relative path that leaves neither the directory nor its filesystem and has no symbolic link in it.
    /// - Throws: ELOOP for a symbolic link, EXDEV for a mount, ENOSYS on a kernel that cannot promise this.
    /// - Source: openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV.
    func open(_ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32
    /// - Source: close(2). The descriptor is gone, whatever it returns.
    func close(_ descriptor: Int32) throws(Errno)

    /// - Source: fstat(2).
    func status(of descriptor: Int32) throws(Errno) -> FileStatus
    /// A name's status; a symbolic link is not followed.
    /// - Source: fstatat(2).
    func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus
    /// - Source: stat(2), lstat(2).
    func status(ofPath path: String, followingLinks: Bool) throws(Errno) -> FileStatus
    /// What kind of filesystem it is (`f_type`).
    /// - Source: statfs(2).
    func filesystemType(of descriptor: Int32) throws(Errno) -> UInt64
    /// How much room its filesystem has.
    /// - Source: fstatvfs(3).
    func space(of descriptor: Int32) throws(Errno) -> FilesystemSpace

    /// - Source: pread(2).
    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int
    /// Reads on where the descriptor stands; for pipes.
    /// - Source: read(2).
    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int
    /// - Source: pwrite(2).
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int
    /// Writes on where the descriptor stands; for pipes.
    /// - Source: write(2).
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int
    /// Reads on in a directory: packed `linux_dirent64`s (see ``DirectoryEntries``), or 0 at the end.
    /// - Source: getdents64(2).
    func readDirectory(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int

    /// - Source: mkdirat(2).
    func makeDirectory(_ name: String, in directory: Int32, mode: UInt32) throws(Errno)
    /// - Source: linkat(2).
    func link(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno)
    /// - Source: renameat(2); it goes over what stands at the new name.
    func rename(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno)
    /// - Source: unlinkat(2).
    func unlink(_ name: String, in directory: Int32) throws(Errno)
    /// - Source: unlinkat(2) with AT_REMOVEDIR.
    func removeDirectory(_ name: String, in directory: Int32) throws(Errno)

    /// - Source: fsync(2).
    func sync(_ descriptor: Int32) throws(Errno)
    /// - Source: syncfs(2).
    func syncFilesystem(of descriptor: Int32) throws(Errno)
    /// Starts to write a part of a file back.
    /// - Source: sync_file_range(2) with SYNC_FILE_RANGE_WRITE.
    func startWriteBack(_ descriptor: Int32, offset: Int64, count: Int64) throws(Errno)
    /// Waits for a file's write-back, and tells its error.
    /// - Source: sync_file_range(2) with SYNC_FILE_RANGE_WAIT_BEFORE.
    func awaitWriteBack(_ descriptor: Int32) throws(Errno)

    /// Sets access and modification time to the filesystem's now, or to a moment.
    /// - Source: futimens(3), UTIME_NOW.
    func setTimes(_ descriptor: Int32, to moment: FileTime?) throws(Errno)
    /// Sets a name's times to the filesystem's now, or to a moment; a symbolic link is not followed.
    /// - Source: utimensat(2), UTIME_NOW.
    func setTimes(_ name: String, in directory: Int32, to moment: FileTime?) throws(Errno)
    /// - Source: fchmod(2).
    func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(Errno)
    /// Nil leaves it as it is.
    /// - Source: fchown(2).
    func setOwner(_ descriptor: Int32, to owner: UInt32?, group: UInt32?) throws(Errno)
    /// Makes an empty file share another's data.
    /// - Source: ioctl_ficlone(2).
    func clone(_ source: Int32, into destination: Int32) throws(Errno)

    /// The effective user, as the kernel checks it.
    /// - Source: geteuid(2).
    var effectiveUser: UInt32 { get }
    /// The time by this machine's clock (CLOCK_REALTIME).
    var wallTime: FileTime { get }
    /// The time since the machine started, suspension included (CLOCK_BOOTTIME).
    var timeSinceBoot: Duration { get }
    /// Holds this thread up.
    /// - Source: usleep(3).
    func pause(microseconds: UInt32)
}

// MARK: - Whole reads and writes

extension SystemCalls {
    /// Reads `count` bytes, fewer only at the end of the file.
    /// - Source: pread(2), again while it returns less than was asked for.
    package func readFully(_ descriptor: Int32, _ count: Int, at offset: Int64) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let read = try read(descriptor, into: rest, at: offset + Int64(filled))
                    if read == 0 { break }
                    filled += read
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes, however many calls that takes.
    /// - Parameter offset: where they go; nil for where the descriptor stands, as in a pipe.
    /// - Throws: `inputOutput` where a call takes nothing and names no reason.
    /// - Source: pwrite(2), write(2).
    package func writeFully(_ descriptor: Int32, _ bytes: [UInt8], at offset: Int64?) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let written = try bytes.span.bytes.extracting(done...).withUnsafeBytes { rest throws(Errno) -> Int in
                guard let offset else { return try write(descriptor, rest) }
                return try write(descriptor, rest, at: offset + Int64(done))
            }
            if written <= 0 { throw Errno.inputOutput }
            done += written
        }
    }
}

// MARK: - What they take and return

/// How to open a file. A descriptor is always closed on exec.
/// - Source: open(2).
package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let readOnly = OpenFlags([])
    package static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    package static let readWrite = OpenFlags(rawValue: O_RDWR)
    package static let create = OpenFlags(rawValue: O_CREAT)
    package static let exclusive = OpenFlags(rawValue: O_EXCL)
    package static let truncate = OpenFlags(rawValue: O_TRUNC)
    package static let directory = OpenFlags(rawValue: O_DIRECTORY)
    package static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
    /// Only where it is, not what it holds: needs no permission to read.
    package static let place = OpenFlags(rawValue: blob_open_path)
    /// Does not hang on a pipe that nobody writes into.
    package static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
}

/// What a file is, whose it is, and when it changed last.
/// - Source: stat(2), inode(7).
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case file, directory, symbolicLink, pipe, device, socket, other
    }

    /// Device and inode: which file it is, whatever its name.
    package struct Identity: Hashable, Sendable {
        package var device: UInt64
        package var inode: UInt64

        package init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    package var identity: Identity
    package var kind: Kind
    /// The twelve lowest bits of the mode: permissions, set-id bits and the sticky bit.
    package var permissions: UInt32
    package var owner: UInt32
    package var group: UInt32
    package var sizeBytes: Int64
    package var linkCount: UInt64
    /// When the content changed last, by the filesystem's clock.
    package var modified: FileTime
    /// When it was read last; nil where nobody asked.
    package var accessed: FileTime?

    package init(
        identity: Identity, kind: Kind, permissions: UInt32, owner: UInt32, group: UInt32,
        sizeBytes: Int64, linkCount: UInt64, modified: FileTime, accessed: FileTime? = nil
    ) {
        self.identity = identity
        self.kind = kind
        self.permissions = permissions
        self.owner = owner
        self.group = group
        self.sizeBytes = sizeBytes
        self.linkCount = linkCount
        self.modified = modified
        self.accessed = accessed
    }

    init(_ raw: stat) {
        self.init(
            identity: Identity(device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino)),
            kind: Kind(mode: raw.st_mode),
            permissions: UInt32(raw.st_mode & 0o7777),
            owner: raw.st_uid, group: raw.st_gid,
            sizeBytes: Int64(raw.st_size),
            linkCount: UInt64(raw.st_nlink),
            modified: FileTime(
                seconds: Int64(raw.st_mtim.tv_sec), nanoseconds: Int64(raw.st_mtim.tv_nsec)),
            accessed: FileTime(
                seconds: Int64(raw.st_atim.tv_sec), nanoseconds: Int64(raw.st_atim.tv_nsec)))
    }
}

extension FileStatus.Kind {
    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symbolicLink
        case S_IFIFO: self = .pipe
        case S_IFCHR, S_IFBLK: self = .device
        case S_IFSOCK: self = .socket
        default: self = .other
        }
    }
}

/// A moment by some clock that counts from 1970.
package struct FileTime: Sendable, Equatable {
    package var seconds: Int64
    package var nanoseconds: Int64

    package init(seconds: Int64, nanoseconds: Int64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The time from an earlier moment by the same clock.
    package func since(_ earlier: FileTime) -> Duration {
        // A filesystem may tell any number: as durations none of them overflows.
        .seconds(seconds) - .seconds(earlier.seconds) + .nanoseconds(nanoseconds) - .nanoseconds(earlier.nanoseconds)
    }
}

/// Owns an open file: closes it when it goes out of scope.
///
/// A `close` may wait for a server. So where the scope ends on one of Swift's threads, another thread closes the file.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls; valid while the descriptor lives.
    package let raw: Int32
    package let calls: any SystemCalls
    private var isOpen = true

    /// Takes over a descriptor that `calls` opened.
    package init(_ raw: Int32, of calls: any SystemCalls) {
        self.raw = raw
        self.calls = calls
    }

    deinit {
        guard isOpen else { return }
        let (raw, calls) = (raw, calls)
        Thread.aside { try? calls.close(raw) }
    }

    /// Closes it now, and tells the error that a write-back may have left (on NFS `close` writes back).
    package consuming func close() throws(Errno) {
        isOpen = false
        try calls.close(raw)
    }

    /// Hands the number over to another owner, who closes it.
    package consuming func release() -> Int32 {
        isOpen = false
        return raw
    }
}

extension SystemCalls {
    /// Opens any path; see ``open(path:_:mode:)``.
    package func opened(path: String, _ flags: OpenFlags, mode: UInt32 = 0) throws(Errno) -> Descriptor {
        Descriptor(try open(path: path, flags, mode: mode), of: self)
    }

    /// Opens a relative path that stays beneath `directory`; see ``open(_:beneath:_:mode:)``.
    package func opened(
        _ path: String, beneath directory: borrowing Descriptor, _ flags: OpenFlags, mode: UInt32 = 0
    ) throws(Errno) -> Descriptor {
        Descriptor(try open(path, beneath: directory.raw, flags, mode: mode), of: self)
    }
}

internal import CBlobSystem
internal import Glibc

/// The kernel's system calls.
package struct LinuxCalls: SystemCalls {
    package init() {}

    package func open(path: String, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try checked(Glibc.open(path, flags.rawValue | O_CLOEXEC, mode))
    }

    package func open(
        _ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32
    ) throws(Errno) -> Int32 {
        // openat2 refuses a mode that it has no use for.
        let mode = flags.contains(.create) ? UInt64(mode) : 0
        return try checked(
            blob_openat2(directory, path, UInt64(flags.rawValue | O_CLOEXEC), mode, blob_resolve_inside))
    }

    package func close(_ descriptor: Int32) throws(Errno) {
        _ = try checked(Glibc.close(descriptor))
    }

    package func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try checked(pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)))
    }

    package func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try checked(Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }

    package func write(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try checked(pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset)))
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try checked(Glibc.write(descriptor, bytes.baseAddress, bytes.count))
    }

    package func readDirectory(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        Int(try checked(blob_getdents64(descriptor, buffer.baseAddress, buffer.count)))
    }

    package func sync(_ descriptor: Int32) throws(Errno) {
        _ = try checked(fsync(descriptor))
    }

    package func syncFilesystem(of descriptor: Int32) throws(Errno) {
        _ = try checked(blob_syncfs(descriptor))
    }

    package func startWriteBack(_ descriptor: Int32, offset: Int64, count: Int64) throws(Errno) {
        _ = try checked(blob_sync_file_range(descriptor, offset, count, blob_sync_write))
    }

    package func awaitWriteBack(_ descriptor: Int32) throws(Errno) {
        _ = try checked(blob_sync_file_range(descriptor, 0, 0, blob_sync_wait_before))
    }

    package func clone(_ source: Int32, into destination: Int32) throws(Errno) {
        _ = try checked(blob_ficlone(destination, source))
    }

    package var effectiveUser: UInt32 { geteuid() }
    package var wallTime: FileTime { time(of: CLOCK_REALTIME) }
    package var timeSinceBoot: Duration { time(of: CLOCK_BOOTTIME).since(FileTime(seconds: 0, nanoseconds: 0)) }

    package func pause(microseconds: UInt32) { usleep(microseconds) }

    private func time(of clock: clockid_t) -> FileTime {
        var now = timespec()
        clock_gettime(clock, &now)
        return FileTime(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec))
    }
}

/// A system call's result, or why it failed.
func checked<Result: SignedInteger>(_ result: Result) throws(Errno) -> Result {
    if result < 0 { throw Errno.last }
    return result
}

// MARK: - Names and their attributes

extension LinuxCalls {
    package func status(of descriptor: Int32) throws(Errno) -> FileStatus {
        var raw = stat()
        _ = try checked(fstat(descriptor, &raw))
        return FileStatus(raw)
    }

    package func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus {
        var raw = stat()
        // Without both flags an SMB client answers from memory that a name is absent.
        _ = try checked(fstatat(directory, name, &raw, blob_itself_only))
        return FileStatus(raw)
    }

    package func status(ofPath path: String, followingLinks: Bool) throws(Errno) -> FileStatus {
        var raw = stat()
        _ = try checked(fstatat(AT_FDCWD, path, &raw, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW))
        return FileStatus(raw)
    }

    package func filesystemType(of descriptor: Int32) throws(Errno) -> UInt64 {
        UInt64(try checked(blob_filesystem_type(descriptor)))
    }

    package func space(of descriptor: Int32) throws(Errno) -> FilesystemSpace {
        var raw = statvfs()
        _ = try checked(fstatvfs(descriptor, &raw))
        let (unit, most) = (UInt64(raw.f_frsize), UInt64(Int64.max))
        // A share may tell any number.
        let bytes = { (blocks: UInt64) -> Int64 in
            let (product, isTooMuch) = blocks.multipliedReportingOverflow(by: unit)
            return Int64(isTooMuch ? most : min(product, most))
        }
        return FilesystemSpace(
            totalBytes: bytes(UInt64(raw.f_blocks)), freeBytes: bytes(UInt64(raw.f_bavail)),
            totalFiles: Int64(min(UInt64(raw.f_files), most)), freeFiles: Int64(min(UInt64(raw.f_favail), most)))
    }

    package func makeDirectory(_ name: String, in directory: Int32, mode: UInt32) throws(Errno) {
        _ = try checked(mkdirat(directory, name, mode))
    }

    package func link(
        _ name: String, in directory: Int32, to newName: String, in newDirectory: Int32
    ) throws(Errno) {
        _ = try checked(linkat(directory, name, newDirectory, newName, 0))
    }

    package func rename(
        _ name: String, in directory: Int32, to newName: String, in newDirectory: Int32
    ) throws(Errno) {
        _ = try checked(renameat(directory, name, newDirectory, newName))
    }

    package func unlink(_ name: String, in directory: Int32) throws(Errno) {
        _ = try checked(unlinkat(directory, name, 0))
    }

    package func removeDirectory(_ name: String, in directory: Int32) throws(Errno) {
        _ = try checked(unlinkat(directory, name, AT_REMOVEDIR))
    }

    package func setTimes(_ descriptor: Int32, to moment: FileTime?) throws(Errno) {
        let times = pair(moment)
        _ = try checked(futimens(descriptor, times))
    }

    package func setTimes(_ name: String, in directory: Int32, to moment: FileTime?) throws(Errno) {
        let times = pair(moment)
        _ = try checked(utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW))
    }

    package func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(Errno) {
        _ = try checked(fchmod(descriptor, permissions))
    }

    package func setOwner(_ descriptor: Int32, to owner: UInt32?, group: UInt32?) throws(Errno) {
        _ = try checked(fchown(descriptor, owner ?? UInt32.max, group ?? UInt32.max))
    }

    /// Access and modification time. Only UTIME_NOW may be set on a file of another account that one can write.
    private func pair(_ moment: FileTime?) -> [timespec] {
        let time = moment.map { timespec(tv_sec: Int($0.seconds), tv_nsec: Int($0.nanoseconds)) }
        return Array(repeating: time ?? timespec(tv_sec: 0, tv_nsec: blob_utime_now), count: 2)
    }
}

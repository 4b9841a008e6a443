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

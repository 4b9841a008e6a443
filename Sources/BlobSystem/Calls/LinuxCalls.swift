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

// MARK: - Calls that signals do not interrupt

/// Repeats a call that a signal interrupted, or that a server which is only just back answered with EAGAIN, a bounded
/// number of times; everything else goes through as it is.
///
/// What a repeated call finds done already (EEXIST, ENOENT) is its caller's to settle, as after any lost answer. A
/// flush that was answered with EAGAIN may be repeated, too: the kernel keeps what it could not write.
///
/// `close` is never repeated: on Linux the descriptor is gone after EINTR too, and its number may be another's.
package struct UninterruptedCalls: SystemCalls {
    private static let maximumAttempts = 100
    /// Together some 30 seconds, as long as a restarted server takes.
    private static let maximumWaits = 64
    private static let longestWaitMicroseconds: UInt32 = 500_000
    /// Together three seconds; a client closes files late by one.
    private static let maximumLooks = 16
    private static let longestLookMicroseconds: UInt32 = 250_000

    private let calls: any SystemCalls
    private var looksAgain = false
    private var doubtsAbsence = false

    package init(_ calls: any SystemCalls) { self.calls = calls }

    /// The same for a share: there EINVAL from the opening of a name means that the client still holds another name
    /// of that file open, or has only just closed it. So it is looked at again.
    /// - Parameter doubtingAbsence: whether a name that is absent is looked at in another way, too, before that is
    ///   believed. An SMB client takes a name for absent for a second after it has seen it so, whatever was opened
    ///   meanwhile; only looking without following links or mounts makes it ask the server.
    package func lookingAgain(doubtingAbsence: Bool = false) -> UninterruptedCalls {
        var patient = self
        patient.looksAgain = true
        patient.doubtsAbsence = doubtingAbsence
        return patient
    }

    @inline(__always)
    private func uninterrupted<Value>(_ call: () throws(Errno) -> Value) throws(Errno) -> Value {
        var (interruptions, waits) = (0, 0)
        while true {
            do { return try call() } catch {
                if error == .interrupted, interruptions < Self.maximumAttempts {
                    interruptions += 1
                } else if error == .tryAgain, waits < Self.maximumWaits {
                    pause(turn: waits, atMostMicroseconds: Self.longestWaitMicroseconds)
                    waits += 1
                } else {
                    throw error
                }
            }
        }
    }

    /// From five milliseconds on, each twice as long as the last.
    private func pause(turn: Int, atMostMicroseconds longest: UInt32) {
        calls.pause(microseconds: min(5_000 << UInt32(min(turn, 10)), longest))
    }

    package func close(_ descriptor: Int32) throws(Errno) {
        do { try calls.close(descriptor) } catch { if error != .interrupted { throw error } }
    }
    package var effectiveUser: UInt32 { calls.effectiveUser }
    package var wallTime: FileTime { calls.wallTime }
    package var timeSinceBoot: Duration { calls.timeSinceBoot }
    package func pause(microseconds: UInt32) { calls.pause(microseconds: microseconds) }

    package func open(path: String, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try uninterrupted { () throws(Errno) in try calls.open(path: path, flags, mode: mode) }
    }

    package func open(
        _ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32
    ) throws(Errno) -> Int32 {
        guard looksAgain, !flags.contains(.create) else {
            return try uninterrupted { () throws(Errno) in
                try calls.open(path, beneath: directory, flags, mode: mode)
            }
        }
        for turn in 0..<Self.maximumLooks {
            do throws(Errno) { return try openOnce(path, beneath: directory, flags, mode: mode) } catch {
                if error != .invalidArgument { throw error }
            }
            pause(turn: turn, atMostMicroseconds: Self.longestLookMicroseconds)
        }
        return try openOnce(path, beneath: directory, flags, mode: mode)
    }

    private func openOnce(
        _ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32
    ) throws(Errno) -> Int32 {
        do throws(Errno) {
            return try uninterrupted { () throws(Errno) in try calls.open(path, beneath: directory, flags, mode: mode) }
        } catch {
            guard error == .notFound, doubtsAbsence else { throw error }
        }
        // Throws where the name is absent indeed.
        _ = try status(of: path, in: directory)
        return try uninterrupted { () throws(Errno) in try calls.open(path, beneath: directory, flags, mode: mode) }
    }

    package func status(of descriptor: Int32) throws(Errno) -> FileStatus {
        try uninterrupted { () throws(Errno) in try calls.status(of: descriptor) }
    }

    package func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus {
        try uninterrupted { () throws(Errno) in try calls.status(of: name, in: directory) }
    }

    package func status(ofPath path: String, followingLinks: Bool) throws(Errno) -> FileStatus {
        try uninterrupted { () throws(Errno) in try calls.status(ofPath: path, followingLinks: followingLinks) }
    }

    package func filesystemType(of descriptor: Int32) throws(Errno) -> UInt64 {
        try uninterrupted { () throws(Errno) in try calls.filesystemType(of: descriptor) }
    }

    package func space(of descriptor: Int32) throws(Errno) -> FilesystemSpace {
        try uninterrupted { () throws(Errno) in try calls.space(of: descriptor) }
    }

    package func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.read(descriptor, into: buffer, at: offset) }
    }

    package func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.read(descriptor, into: buffer) }
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.write(descriptor, bytes, at: offset) }
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.write(descriptor, bytes) }
    }

    package func readDirectory(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.readDirectory(descriptor, into: buffer) }
    }

    package func makeDirectory(_ name: String, in directory: Int32, mode: UInt32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.makeDirectory(name, in: directory, mode: mode) }
    }

    package func link(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.link(name, in: directory, to: newName, in: newDirectory) }
    }

    package func rename(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.rename(name, in: directory, to: newName, in: newDirectory) }
    }

    package func unlink(_ name: String, in directory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.unlink(name, in: directory) }
    }

    package func removeDirectory(_ name: String, in directory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.removeDirectory(name, in: directory) }
    }

    package func sync(_ descriptor: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.sync(descriptor) }
    }

    package func syncFilesystem(of descriptor: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.syncFilesystem(of: descriptor) }
    }

    package func startWriteBack(_ descriptor: Int32, offset: Int64, count: Int64) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.startWriteBack(descriptor, offset: offset, count: count) }
    }

    package func awaitWriteBack(_ descriptor: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.awaitWriteBack(descriptor) }
    }

    package func setTimes(_ descriptor: Int32, to moment: FileTime?) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setTimes(descriptor, to: moment) }
    }

    package func setTimes(_ name: String, in directory: Int32, to moment: FileTime?) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setTimes(name, in: directory, to: moment) }
    }

    package func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setPermissions(descriptor, to: permissions) }
    }

    package func setOwner(_ descriptor: Int32, to owner: UInt32?, group: UInt32?) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setOwner(descriptor, to: owner, group: group) }
    }

    package func clone(_ source: Int32, into destination: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.clone(source, into: destination) }
    }
}

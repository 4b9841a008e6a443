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

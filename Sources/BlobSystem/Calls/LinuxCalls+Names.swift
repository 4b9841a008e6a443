internal import CBlobSystem
internal import Glibc

extension LinuxCalls {
    package func status(of descriptor: Int32) throws(Errno) -> FileStatus {
        var raw = stat()
        _ = try checked(fstat(descriptor, &raw))
        return FileStatus(raw)
    }

    package func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus {
        var raw = stat()
        _ = try checked(fstatat(directory, name, &raw, AT_SYMLINK_NOFOLLOW))
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

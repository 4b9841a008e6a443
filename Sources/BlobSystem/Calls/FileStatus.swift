internal import Glibc

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

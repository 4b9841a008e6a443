internal import CBlobSystem
internal import Glibc

/// Why a system call failed.
/// - Source: errno(3).
package struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// What the last failed call of this thread left behind.
    static var last: Errno { Errno(rawValue: errno) }

    /// The constant's name, e.g. `EIO`.
    /// - Source: strerrorname_np(3).
    package var description: String { blob_errno_name(rawValue).map { String(cString: $0) } ?? "errno \(rawValue)" }
}

extension Errno {
    package static let notPermitted = Errno(rawValue: EPERM)
    package static let notFound = Errno(rawValue: ENOENT)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let inputOutput = Errno(rawValue: EIO)
    package static let noDevice = Errno(rawValue: ENXIO)
    package static let badDescriptor = Errno(rawValue: EBADF)
    package static let tryAgain = Errno(rawValue: EAGAIN)
    package static let noMemory = Errno(rawValue: ENOMEM)
    package static let accessDenied = Errno(rawValue: EACCES)
    package static let busy = Errno(rawValue: EBUSY)
    package static let exists = Errno(rawValue: EEXIST)
    package static let crossDevice = Errno(rawValue: EXDEV)
    package static let notDirectory = Errno(rawValue: ENOTDIR)
    package static let isDirectory = Errno(rawValue: EISDIR)
    package static let invalidArgument = Errno(rawValue: EINVAL)
    package static let tooManyOpenFilesInSystem = Errno(rawValue: ENFILE)
    package static let tooManyOpenFiles = Errno(rawValue: EMFILE)
    package static let fileTooLarge = Errno(rawValue: EFBIG)
    package static let noSpace = Errno(rawValue: ENOSPC)
    package static let readOnlyFilesystem = Errno(rawValue: EROFS)
    package static let tooManyLinks = Errno(rawValue: EMLINK)
    package static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    package static let noSuchCall = Errno(rawValue: ENOSYS)
    package static let notEmpty = Errno(rawValue: ENOTEMPTY)
    package static let tooManySymlinks = Errno(rawValue: ELOOP)
    package static let notSupported = Errno(rawValue: EOPNOTSUPP)
    package static let notTypewriter = Errno(rawValue: ENOTTY)
    package static let networkDown = Errno(rawValue: ENETDOWN)
    package static let networkUnreachable = Errno(rawValue: ENETUNREACH)
    package static let connectionAborted = Errno(rawValue: ECONNABORTED)
    package static let connectionReset = Errno(rawValue: ECONNRESET)
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    package static let notConnected = Errno(rawValue: ENOTCONN)
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    package static let hostDown = Errno(rawValue: EHOSTDOWN)
    package static let hostUnreachable = Errno(rawValue: EHOSTUNREACH)
    package static let stale = Errno(rawValue: ESTALE)
    package static let remoteInputOutput = Errno(rawValue: EREMOTEIO)
    package static let quotaExceeded = Errno(rawValue: EDQUOT)
    package static let badMessage = Errno(rawValue: EBADMSG)
    package static let needsCleaning = Errno(rawValue: EUCLEAN)
    package static let brokenPipe = Errno(rawValue: EPIPE)
    package static let shutDown = Errno(rawValue: ESHUTDOWN)
}

extension Errno {
    /// Whether a server has forgotten a file or folder that is open: NFS says ESTALE; SMB, whose server restarted or
    /// lost the connection, says EBADF of a descriptor that is open and good.
    package var isForgotten: Bool { self == .stale || self == .badDescriptor }

    /// Whether a file server could not be reached.
    package var isOfAbsentServer: Bool {
        switch self {
        case .hostDown, .hostUnreachable, .networkDown, .networkUnreachable, .connectionRefused, .connectionReset,
            .connectionAborted, .notConnected, .shutDown, .timedOut:
            true
        default: false
        }
    }
}

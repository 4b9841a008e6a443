internal import CBlobSystem
internal import Glibc

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

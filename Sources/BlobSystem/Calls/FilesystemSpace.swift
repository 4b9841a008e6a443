/// How much room a filesystem has, as it says; a share's quota may be less.
package struct FilesystemSpace: Sendable, Equatable {
    /// All of it, in bytes.
    package var totalBytes: Int64
    /// What an account without privileges may still write, in bytes.
    package var freeBytes: Int64
    /// How many files there may be; 0 where the filesystem sets no limit.
    package var totalFiles: Int64
    /// How many more files an account without privileges may make.
    package var freeFiles: Int64

    package init(totalBytes: Int64, freeBytes: Int64, totalFiles: Int64, freeFiles: Int64) {
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.totalFiles = totalFiles
        self.freeFiles = freeFiles
    }
}

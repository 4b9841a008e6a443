internal import Glibc

/// The directory that relative paths are relative to.
package enum WorkingDirectory {
    /// Its path; nil when it was removed.
    /// - Source: getcwd(3).
    package static var path: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}

internal import BlobSystem
internal import Glibc
internal import ObjectStorage

/// Where a path of this machine leads.
enum LocalPath {
    private static let maximumLinks = 40

    /// The path itself, or where it leads as a symbolic link; whether anything stands there or not.
    /// - Throws: `invalidArgument` for a link to a file that a process has open, whose name counts for nothing.
    /// - Source: readlink(2), proc(5).
    static func target(of path: String) throws(StoreError) -> String {
        var path = path
        for _ in 0..<maximumLinks {
            guard let link = try readLink(path) else { return path }
            if isOfProcess(path) {
                throw StoreError(
                    .invalidArgument, "\(path) leads to a file that a process has open; give the name of the file")
            }
            path = link.hasPrefix("/") ? link : (FilePath.split(path)?.folder ?? ".") + "/" + link
        }
        throw StoreError(.invalidArgument, "\(path) is a symbolic link that leads in a circle; give another name")
    }

    /// What a symbolic link says; nil for anything else.
    private static func readLink(_ path: String) throws(StoreError) -> String? {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &text, text.count)
        guard length > 0 else { return nil }
        if let link = String(validating: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) {
            return link
        }
        throw StoreError(
            .invalidArgument, "\(path) is a symbolic link to a name that is not valid UTF-8; give another name")
    }

    private static func isOfProcess(_ path: String) -> Bool {
        let calls = LocalThreads.calls
        guard let (name, _) = FilePath.split(path), let folder = try? calls.opened(path: name, .directory) else {
            return false
        }
        return (try? calls.filesystemType(of: folder.raw)) == processes
    }

    /// What statfs(2) calls the filesystem of processes.
    private static let processes: UInt64 = 0x9FA0
}

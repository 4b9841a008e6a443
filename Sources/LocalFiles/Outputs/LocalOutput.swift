internal import BlobSystem
package import ObjectStorage
internal import Synchronization

/// A place of this machine that is being written to, wherever its name leads.
///
/// A file appears under its name when it is finished: whole, durable, in place of the file that was there. A symbolic
/// link stays, and what it leads to is replaced. A device or a pipe is written to as it is, at once. All calls block.
package final class LocalOutput: Sendable {
    private let path: String
    private let target: Target
    private let offset = Mutex<Int64>(0)

    private enum Target: Sendable {
        case file(UnfinishedFile)
        case stream(OpenStream)
    }

    /// - Parameter makingFolders: whether missing directories on the way are made.
    /// - Throws: `invalidArgument` for a directory, a socket, what leads nowhere, and a place in a root.
    package init(_ path: String, makingFolders: Bool = false) throws(StoreError) {
        self.path = path
        if path.isEmpty { throw StoreError(.invalidArgument, "a file to write to has no name; give one") }
        switch try Self.kind(of: path) {
        case .file, nil:
            let name = try LocalPath.target(of: path)
            target = .file(try UnfinishedFile(for: name, makingFolders: makingFolders))
        case .pipe, .device:
            target = try Self.classified(path) { () throws(Errno) in .stream(try OpenStream(path)) }
        case .directory:
            throw Self.refusal(path, .isDirectory)
        case .socket, .symbolicLink, .other:
            throw StoreError(
                .invalidArgument, "\(path) is a socket or the like and cannot be written to; give another name"
            )
        }
    }

    /// - Returns: whether a file is to be made there: false for a pipe or a device, which is written to as it is.
    /// - Throws: `invalidArgument` when a file of that path would stand in a root.
    static func expectOutsideRoots(_ path: String) throws(StoreError) -> Bool {
        let kind = try kind(of: path)
        if kind == .pipe || kind == .device { return false }
        try RootBounds.expectNone(onWayTo: try LocalPath.target(of: path))
        return true
    }

    /// The folder of a file and its name in it.
    struct Place: Equatable {
        let folder: FileStatus.Identity
        let name: String
    }

    /// Where a file of that path stands or would stand; nil for a pipe or a device, and where its folder is not there.
    static func place(of path: String) throws(StoreError) -> Place? {
        let kind = try kind(of: path)
        if kind == .pipe || kind == .device { return nil }
        guard let (folder, name) = FilePath.split(try LocalPath.target(of: path)) else { return nil }
        guard let status = try? LocalThreads.calls.status(ofPath: folder, followingLinks: true) else { return nil }
        return Place(folder: status.identity, name: name)
    }

    /// What stands at the end of the path; nil when nothing does.
    private static func kind(of path: String) throws(StoreError) -> FileStatus.Kind? {
        do { return try LocalThreads.calls.status(ofPath: path, followingLinks: true).kind } catch {
            switch error {
            case .notFound: return nil
            // The path itself says where the circle is.
            case .tooManySymlinks: return nil
            default: throw refusal(path, error)
            }
        }
    }

    package func append(_ bytes: [UInt8]) throws(StoreError) {
        try Self.classified(path) { () throws(Errno) in
            switch target {
            case .file(let file):
                let start = offset.withLock { offset in
                    defer { offset += Int64(bytes.count) }
                    return offset
                }
                try file.write(bytes, at: start)
            case .stream(let stream): try stream.write(bytes)
            }
        }
    }

    /// Gives the file its name, durably. To be called once, as the last.
    /// - Parameter modified: when its content changed last, where that is known; else it is now.
    package func finish(modified: Timestamp? = nil) throws(StoreError) {
        guard case .file(let file) = target else { return }
        try Self.classified(path) { () throws(Errno) in try file.finish(modified: modified) }
    }

    /// Leaves what stands at the path as it was, where nothing was written there yet.
    package func abandon() {
        if case .file(let file) = target { file.abandon() }
    }

    private static func classified<Value>(
        _ path: String, _ body: () throws(Errno) -> Value
    ) throws(StoreError) -> Value {
        do { return try body() } catch { throw refusal(path, error) }
    }

    static func refusal(_ path: String, _ errno: Errno) -> StoreError {
        let cause = StoreError.Cause.errno(errno.rawValue, call: "write")
        switch errno {
        case .isDirectory:
            return StoreError(.invalidArgument, "\(path) is a directory; name a file in it", cause: cause)
        case .notDirectory:
            let obstacle = LocalThreads.calls.obstacle(on: path) ?? "something on the way to it"
            return StoreError(
                .invalidArgument, "\(path) cannot be made because \(obstacle) is not a directory; give another name",
                cause: cause)
        case .brokenPipe:
            return StoreError(.failed, "\(path) received only a part, because its reader stopped", cause: cause)
        case .noSpace, .quotaExceeded, .readOnlyFilesystem:
            let error = StoreError(errno, call: "write", path)
            return StoreError(error.code, "\(error.message); choose another place", cause: cause)
        default: return StoreError(errno, call: "write", path)
        }
    }
}

/// A device or pipe that is open for writing.
private final class OpenStream: Sendable {
    private let descriptor: Descriptor

    /// Waits for the reader of a pipe, as a shell does.
    init(_ path: String) throws(Errno) {
        descriptor = try LocalThreads.calls.opened(path: path, .writeOnly)
    }

    func write(_ bytes: [UInt8]) throws(Errno) {
        try LocalThreads.calls.writeFully(descriptor.raw, bytes, at: nil)
    }
}

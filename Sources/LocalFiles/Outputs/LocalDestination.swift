internal import BlobSystem
public import ObjectStorage

/// A file of this machine that is being written: it appears under its name when it is whole and durable, or not at
/// all.
public enum LocalDestination {
    /// Writes what `fill` appends to a temporary file beside `path`, and puts it in place of the file that was there.
    ///
    /// A symbolic link is followed. What is no file (a device, a pipe) is written to as it is.
    ///
    /// *Guarantees*: when this throws, a file at `path` is as it was, and the temporary file is gone.
    /// - Parameters:
    ///   - makingFolders: whether missing directories on the way are made.
    ///   - modified: when the content changed last, where that is known: the file gets that time.
    /// - Throws: `invalidArgument` for a directory or a socket, and for a place in a root of the store.
    public static func write(
        _ path: String, makingFolders: Bool = false, modified: Timestamp? = nil,
        _ fill: (_ append: ([UInt8]) async throws(StoreError) -> Void) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let output = try await LocalThreads.run { () throws(StoreError) in
            try LocalOutput(path, makingFolders: makingFolders)
        }
        do throws(StoreError) {
            try await fill { (chunk) async throws(StoreError) in
                try await LocalThreads.run { () throws(StoreError) in try output.append(chunk) }
            }
            try await LocalThreads.run { () throws(StoreError) in try output.finish(modified: modified) }
        } catch {
            try? await LocalThreads.run { () throws(StoreError) in output.abandon() }
            throw error
        }
    }

    /// Makes sure, before work whose outcome is to be written there, that a path stands in no root of the store, and
    /// that a file can be made beside it. A pipe or a device is not opened for that.
    /// - Throws: `invalidArgument`; what making a file throws.
    public static func expectWritable(_ path: String) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in
            if try LocalOutput.expectOutsideRoots(path) { try LocalOutput(path).abandon() }
        }
    }

    /// Makes sure that a path stands in no root of the store; the folder that it is in need not be there yet.
    /// - Throws: `invalidArgument`.
    public static func expectOutsideRoots(_ path: String) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in _ = try LocalOutput.expectOutsideRoots(path) }
    }

    /// Whether two paths name one file, whether or not it is there yet. Of pipes and devices, which may take several
    /// outputs, this is not told.
    public static func isSameFile(_ path: String, _ other: String) async throws(StoreError) -> Bool {
        try await LocalThreads.run { () throws(StoreError) in
            guard let place = try LocalOutput.place(of: path) else { return false }
            return try LocalOutput.place(of: other) == place
        }
    }

    /// Makes sure that a directory exists, with those above it, and stands in no root of the store.
    public static func makeFolder(_ path: String) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in
            try makeFolders(path, for: path)
            let folder: Descriptor
            do throws(Errno) { folder = try LocalThreads.calls.opened(path: path, .directory) } catch {
                throw StoreError(error, call: "open", path)
            }
            try RootBounds.expectNone(around: folder.raw, for: path)
        }
    }

    /// Makes missing folders; none in a root.
    /// - Parameter output: what is to be written there, for the message.
    static func makeFolders(_ path: String, for output: String) throws(StoreError) {
        let calls = LocalThreads.calls
        let isThere = (try? calls.status(ofPath: path, followingLinks: true).kind) == .directory
        if !isThere { try RootBounds.expectNone(onWayTo: path) }
        do throws(DirectoryFailure) {
            if isThere { try calls.expectDurable(path) } else { try calls.makeDirectories(path) }
        } catch {
            if error.errno != .notDirectory || output != path { throw LocalOutput.refusal(output, error.errno) }
            throw StoreError(
                .invalidArgument,
                "\(calls.obstacle(on: path) ?? path) is not a directory; give the name of one, or of a free "
                    + "place", cause: .errno(error.errno.rawValue, call: "mkdir"))
        }
    }
}

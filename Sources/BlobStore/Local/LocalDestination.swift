package import BlobSystem

/// A file of this machine that is being written: it appears under its name when it is whole and durable, or not at
/// all.
public enum LocalDestination {
    /// Writes what `fill` appends to a temporary file beside `path`, and puts it in place of the file that was there.
    ///
    /// A symbolic link is followed. What is no file (a device, a pipe) is written to as it is.
    ///
    /// *Guarantees*: when this throws, a file at `path` is as it was, and the temporary file is gone.
    /// - Parameter makingFolders: whether missing directories on the way are made.
    /// - Throws: `invalidArgument` for a directory or a socket.
    public static func write(
        _ path: String, makingFolders: Bool = false,
        _ fill: (_ append: ([UInt8]) async throws(StoreError) -> Void) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let output = try await LocalThreads.run { () throws(StoreError) in
            try LocalOutput(path, makingFolders: makingFolders)
        }
        do throws(StoreError) {
            try await fill { (chunk) async throws(StoreError) in
                try await LocalThreads.run { () throws(StoreError) in try output.append(chunk) }
            }
            try await LocalThreads.run { () throws(StoreError) in try output.finish() }
        } catch {
            try? await LocalThreads.run { () throws(StoreError) in output.abandon() }
            throw error
        }
    }

    /// Makes sure that a directory exists, with those above it.
    public static func makeFolder(_ path: String) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in
            do throws(Errno) { try makeFolders(path) } catch {
                guard error == .notDirectory else { throw StoreError(error, call: "mkdir", path) }
                throw StoreError(
                    .invalidArgument,
                    "\(LocalPath.obstacle(on: path) ?? path) is no directory: give the name of one, or of a free place",
                    cause: .errno(error.rawValue, call: "mkdir"))
            }
        }
    }

    /// mkdir -p, durably.
    static func makeFolders(_ path: String) throws(Errno) {
        let calls = LocalThreads.calls
        do throws(Errno) { _ = try calls.opened(path: path, .directory) } catch {
            guard error == .notFound, let (folder, name) = LocalPath.split(path) else { throw error }
            try makeFolders(folder)
            let parent = try calls.opened(path: folder, .directory)
            do throws(Errno) { try calls.makeDirectory(name, in: parent.raw, mode: 0o777) } catch
                where error == .exists
            {}
            try calls.sync(parent.raw)
        }
    }
}

extension SystemCalls {
    /// Writes all bytes.
    package func writeFully(_ descriptor: Int32, _ bytes: [UInt8], at offset: Int64) throws(Errno) {
        var failure: Errno?
        bytes.withUnsafeBytes { buffer in
            do throws(Errno) {
                var written = 0
                while written < buffer.count {
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                    let count = try write(descriptor, rest, at: offset + Int64(written))
                    if count == 0 { throw Errno.inputOutput }
                    written += count
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

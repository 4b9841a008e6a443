package import BlobSystem
internal import FoundationEssentials

/// A file of this machine that is being written: it appears under its name when it is whole and durable, or not at
/// all.
public enum LocalDestination {
    /// Writes what `fill` appends to a temporary file beside `path`, and puts it in place of whatever was there.
    ///
    /// *Guarantees*: when this throws, `path` is as it was, and the temporary file is gone.
    /// - Parameter makingFolders: whether missing directories on the way are made.
    /// - Source: fsync(2), rename(2), fsync(2) of the directory.
    public static func write(
        _ path: String, makingFolders: Bool = false,
        _ fill: (_ append: ([UInt8]) async throws(StoreError) -> Void) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let file = try await LocalThreads.run { () throws(StoreError) in
            try classified(path) { () throws(Errno) in try UnfinishedFile(for: path, makingFolders: makingFolders) }
        }
        do throws(StoreError) {
            var offset: Int64 = 0
            try await fill { (chunk) async throws(StoreError) in
                let start = offset
                try await LocalThreads.run { () throws(StoreError) in
                    try classified(path) { () throws(Errno) in try file.write(chunk, at: start) }
                }
                offset += Int64(chunk.count)
            }
            try await LocalThreads.run { () throws(StoreError) in
                try classified(path) { () throws(Errno) in try file.finish() }
            }
        } catch {
            try? await LocalThreads.run { () throws(StoreError) in file.abandon() }
            throw error
        }
    }

    /// Makes sure that a directory exists, with those above it.
    public static func makeFolder(_ path: String) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in
            try classified(path) { () throws(Errno) in try makeFolders(path) }
        }
    }

    private static func classified<Value>(
        _ path: String, _ body: () throws(Errno) -> Value
    ) throws(StoreError) -> Value {
        do { return try body() } catch { throw StoreError(error, call: "write", path) }
    }

    /// mkdir -p, durably.
    static func makeFolders(_ path: String) throws(Errno) {
        let calls = LocalThreads.calls
        do throws(Errno) { _ = try calls.opened(path: path, .directory) } catch {
            guard error == .notFound, let (folder, name) = split(path) else { throw error }
            try makeFolders(folder)
            let parent = try calls.opened(path: folder, .directory)
            do throws(Errno) { try calls.makeDirectory(name, in: parent.raw, mode: 0o777) } catch
                where error == .exists
            {}
            try calls.sync(parent.raw)
        }
    }

    /// A path's directory and its last segment; nil for `/` and for nothing.
    static func split(_ path: String) -> (folder: String, name: String)? {
        guard let slash = path.lastIndex(of: "/") else { return path.isEmpty ? nil : (".", path) }
        let name = String(path[path.index(after: slash)...])
        if name.isEmpty { return path.count > 1 ? split(String(path[..<slash])) : nil }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
    }
}

/// The temporary file of a ``LocalDestination``.
private final class UnfinishedFile: Sendable {
    private let folder: Descriptor
    private let file: Descriptor
    private let name: String
    private let temporary: String

    init(for path: String, makingFolders: Bool) throws(Errno) {
        let calls = LocalThreads.calls
        guard let (folderPath, name) = LocalDestination.split(path) else { throw .isDirectory }
        if makingFolders { try LocalDestination.makeFolders(folderPath) }
        folder = try calls.opened(path: folderPath, .directory)
        if let there = try? calls.status(of: name, in: folder.raw), there.kind == .directory { throw .isDirectory }
        self.name = name
        temporary = ".\(UUID().uuidString.lowercased()).part"
        file = try calls.opened(temporary, beneath: folder, [.readWrite, .create, .exclusive], mode: 0o666)
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(Errno) {
        try LocalThreads.calls.writeFully(file.raw, bytes, at: offset)
    }

    func finish() throws(Errno) {
        let calls = LocalThreads.calls
        try calls.sync(file.raw)
        try calls.rename(temporary, in: folder.raw, to: name, in: folder.raw)
        do throws(Errno) { try calls.sync(folder.raw) } catch  where error == .invalidArgument || error == .notSupported
        {}
    }

    func abandon() {
        try? LocalThreads.calls.unlink(temporary, in: folder.raw)
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

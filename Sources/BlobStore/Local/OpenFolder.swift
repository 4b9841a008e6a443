internal import BlobSystem

/// A directory of this machine that is being read.
final class OpenFolder: Sendable {
    struct Name: Sendable {
        let bytes: [UInt8]
        /// Nil when the filesystem does not say.
        let kind: FileStatus.Kind?
    }

    /// Its path below the tree's root: empty, or with a `/` at its end.
    let name: String
    private let descriptor: Descriptor

    init(at path: String, name: String, _ flags: OpenFlags) throws(Errno) {
        self.name = name
        descriptor = try LocalThreads.calls.opened(path: path, flags)
    }

    /// The next names; nil at the end.
    func read() throws(Errno) -> [Name]? {
        var names: [Name] = []
        var failure: Errno?
        var isAtEnd = false
        withUnsafeTemporaryAllocation(byteCount: 32_768, alignment: 16) { buffer in
            do throws(Errno) {
                let filled = try LocalThreads.calls.readDirectory(descriptor.raw, into: buffer)
                isAtEnd = filled == 0
                for entry in DirectoryEntries(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) {
                    names.append(Name(bytes: Array(entry.name), kind: entry.kind))
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return isAtEnd ? nil : names
    }

    /// What a name is, for filesystems that do not say while listing; nil when it is gone.
    func kind(of name: String) -> FileStatus.Kind? {
        try? LocalThreads.calls.status(of: name, in: descriptor.raw).kind
    }
}

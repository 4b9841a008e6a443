internal import BlobSystem
internal import ObjectStorage

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

    /// The root of the store that it is or leads into; nil for none.
    /// - Parameter outer: the folder above it, which stands in none; nil where nothing is known of what is above.
    func root(below outer: OpenFolder?) throws(StoreError) -> String? {
        guard let outer else { return try RootBounds.root(around: descriptor.raw) }
        return try RootBounds.root(at: descriptor.raw, below: outer.descriptor.raw)
    }

    /// The next names; nil at the end.
    func read() throws(Errno) -> [Name]? {
        var names: [Name] = []
        let calls = try LocalThreads.calls.readNames(of: descriptor.raw, atMost: 1) { entry in
            names.append(Name(bytes: Array(entry.name), kind: entry.kind))
        }
        return calls == 0 ? nil : names
    }

    /// What a name is, for filesystems that do not say while listing; nil when it is gone.
    func kind(of name: String) -> FileStatus.Kind? {
        try? LocalThreads.calls.status(of: name, in: descriptor.raw).kind
    }
}

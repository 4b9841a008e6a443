public import BlobStore
internal import BlobSystem

extension FileStorage: LinkableObjects {
    public func linkObject(_ key: Key, toPath path: String) async throws(StoreError) {
        try key.expectObject()
        try await blocking("linkObject", key) { (files, _) throws(StoreError) in try files.link(key, toPath: path) }
    }
}

extension RootFiles {
    /// Gives an object a name outside of the root, durably.
    fileprivate func link(_ key: Key, toPath path: String) throws(StoreError) {
        guard let source = try folders.existing(key.folder), let object = try source.openStored(String(key.name)) else {
            throw StoreError.missing(key)
        }
        do throws(Errno) {
            let (folderPath, name) = Self.split(path)
            let folder = try calls.opened(path: folderPath, .directory)
            do throws(Errno) {
                try calls.link(String(key.name), in: source.raw, to: name, in: folder.raw)
            } catch {
                // A server whose reply was lost says of this very link that it exists.
                guard error == .exists else { throw error }
                let found = try calls.status(of: name, in: folder.raw)
                guard found.identity == object.status.identity else { throw error }
            }
            do throws(Errno) { try calls.sync(folder.raw) } catch {
                // Some mounts cannot flush a folder, and say so.
                if error != .invalidArgument && error != .notSupported { throw error }
            }
        } catch {
            throw Self.refusal(of: path, to: root.path, error)
        }
    }

    private static func refusal(of path: String, to root: String, _ errno: Errno) -> StoreError {
        switch errno {
        case .exists: StoreError(.alreadyExists, "\(path) is there already, and is kept")
        case .crossDevice, .notPermitted, .notSupported:
            StoreError(
                .unsupported, "\(path) cannot be a link to content in \(root) (\(errno)): export without --link",
                cause: .errno(errno.rawValue, call: "linkat"))
        default: StoreError(errno, call: "linkat", path)
        }
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (folder, String(path[path.index(after: slash)...]))
    }
}

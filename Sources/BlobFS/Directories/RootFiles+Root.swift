internal import BlobStore
internal import BlobSystem

extension RootFiles {
    private static let usualMode: UInt32 = 0o777

    /// Makes a root's directory and those above it that are missing, and their names durable.
    ///
    /// Inside of another root they are its folders, with its permissions: who works there works here too.
    static func makeRoot(_ path: String, inside outer: String?, _ calls: any SystemCalls) throws(StoreError) {
        guard let outer, let folder = folder(path, inside: outer) else { return try makeRoot(path, calls) }
        do { _ = try RootFiles(path: outer, calls: calls).folders.ensured(folder) } catch {
            // A filesystem of its own may be mounted there, whose permissions are its own.
            guard error.errno == .crossDevice else { throw error }
            try makeRoot(path, calls)
        }
    }

    /// The folder of a root that a path names; nil where it lies outside, or cannot be a folder of the root's.
    private static func folder(_ path: String, inside outer: String) -> KeyPrefix? {
        let above = outer.hasSuffix("/") ? outer : outer + "/"
        guard path.utf8.starts(with: above.utf8) else { return nil }
        return try? KeyPrefix(String(Substring(path.utf8.dropFirst(above.utf8.count))) + "/")
    }

    /// Outside of any root the umask holds, and links are followed.
    private static func makeRoot(_ path: String, _ calls: any SystemCalls) throws(StoreError) {
        let trimmed = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        do {
            try calls.close(calls.open(path: trimmed, [.readOnly, .directory], mode: 0))
            return
        } catch {
            if error == .notDirectory { throw obstacle(on: trimmed, calls) }
            guard error == .notFound else { throw StoreError(error, call: "open", path) }
        }
        guard let slash = trimmed.lastIndex(of: "/") else { return }
        let above = slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
        try makeRoot(above, calls)
        try make(String(trimmed[trimmed.index(after: slash)...]), in: above, calls)
    }

    /// Names what is in the way of a directory: the path itself, or one above it.
    private static func obstacle(on path: String, _ calls: any SystemCalls) -> StoreError {
        var way = path
        while (try? calls.status(ofPath: way, followingLinks: true)) == nil, let slash = way.lastIndex(of: "/"),
            slash > way.startIndex
        {
            way = String(way[..<slash])
        }
        return StoreError(
            .invalidArgument, "\(way) is a file, not a directory: choose a free place or an empty directory",
            cause: .errno(Errno.notDirectory.rawValue, call: "open"))
    }

    private static func make(_ name: String, in above: String, _ calls: any SystemCalls) throws(StoreError) {
        do throws(Errno) {
            let parent = try calls.opened(path: above, [.readOnly, .directory])
            do { try calls.makeDirectory(name, in: parent.raw, mode: usualMode) } catch {
                if error != .exists { throw error }
            }
            do { try calls.sync(parent.raw) } catch {
                if error != .invalidArgument && error != .notSupported { throw error }
            }
        } catch {
            throw StoreError(error, call: "mkdirat", above + "/" + name)
        }
    }
}

/// Why a directory could not be made, and which.
package struct DirectoryFailure: Error {
    package let errno: Errno
    /// The system call's name.
    package let call: String
    package let path: String
}

extension SystemCalls {
    /// Makes a directory and those above it that are missing, outside of any root, and their names durable.
    ///
    /// The umask holds, and symbolic links are followed. What is there already is believed to be durable, unless an
    /// earlier flush of a directory above it failed in this process.
    /// - Source: mkdir(2), fsync(2) of the directory above.
    package func makeDirectories(
        _ path: String, _ failures: FlushFailures = .ofThisProcess
    ) throws(DirectoryFailure) {
        do throws(Errno) { try close(open(path: path, .directory, mode: 0)) } catch {
            guard error == .notFound, let (above, name) = FilePath.split(path) else {
                throw DirectoryFailure(errno: error, call: "open", path: path)
            }
            try makeDirectories(above, failures)
            do throws(Errno) {
                let parent = try opened(path: above, .directory)
                return try makeDirectory(name, durablyIn: parent.raw, failures)
            } catch {
                throw DirectoryFailure(errno: error, call: "mkdirat", path: path)
            }
        }
        try expectDurable(path, failures)
    }

    /// Makes a directory in an open one unless it is there, and its name durable in either case: whoever made it may
    /// not have flushed it.
    ///
    /// One whose flush failed is taken away again: made anew, its name is written anew. One that was there when a
    /// flush of the directory above failed stays in doubt.
    /// - Throws: why it could not be made or flushed; `inputOutput` where an earlier flush leaves it in doubt.
    package func makeDirectory(
        _ name: String, durablyIn parent: Int32, _ failures: FlushFailures = .ofThisProcess
    ) throws(Errno) {
        let identity = try status(of: parent).identity
        let mark = failures.mark(identity)
        var isNew = true
        do throws(Errno) { try makeDirectory(name, in: parent, mode: 0o777) } catch {
            if error != .exists { throw error }
            isNew = false
        }
        do throws(Errno) {
            let flush = try failures.flush(identity, since: isNew ? mark : .found) { () throws(Errno) in
                try sync(parent)
            }
            if flush == .inDoubt { throw .inputOutput }
        } catch {
            if isNew { try? removeDirectory(name, in: parent) }
            throw error
        }
    }

    /// Expects that no flush has failed in this process that may have covered the name of a directory which was found,
    /// or those above it: a later one would succeed, and make nothing good.
    /// - Throws: `inputOutput`, and which name is in doubt.
    package func expectDurable(
        _ path: String, _ failures: FlushFailures = .ofThisProcess
    ) throws(DirectoryFailure) {
        guard failures.hasAny else { return }
        var rest = path
        while let (above, _) = FilePath.split(rest), above != rest {
            // Where it cannot be told, nothing can be made either.
            if let parent = try? status(ofPath: above, followingLinks: true).identity, failures.mark(parent) != .found {
                throw DirectoryFailure(errno: .inputOutput, call: "fsync", path: rest)
            }
            rest = above
        }
    }

    /// The first segment on the way to `path` that is there and is no directory, as far as one can be found.
    package func obstacle(on path: String) -> String? {
        let absolute = path.hasPrefix("/")
        var way = ""
        for (index, segment) in path.utf8.split(separator: UInt8(ascii: "/")).enumerated() {
            way += (index == 0 && !absolute ? "" : "/") + Substring(segment)
            guard let status = try? status(ofPath: way, followingLinks: true) else { return nil }
            if status.kind != .directory { return way }
        }
        return nil
    }
}

/// The text of a path.
package enum FilePath {
    /// A path's directory and its last segment; nil for `/` and for nothing.
    ///
    /// By bytes: a letter that combines with the slash before it is the first of a name.
    package static func split(_ path: String) -> (folder: String, name: String)? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path.isEmpty ? nil : (".", path) }
        let name = String(path[path.utf8.index(after: slash)...])
        if name.isEmpty { return path.utf8.count > 1 ? split(String(path[..<slash])) : nil }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
    }
}

internal import BlobSystem
package import ObjectStorage
internal import Synchronization

/// Takes files away below a directory of this machine, and nothing else: no link is followed on the way there, no other
/// filesystem entered, and nothing is touched in a root of the store.
package final class LocalRemoval: Sendable {
    private let root: String
    private let top: Descriptor
    /// Folders that files were removed from, and that may be empty. As bytes, like all names here: two that Swift takes
    /// for one string are two folders.
    private let emptied = Mutex<Set<[UInt8]>>([])

    /// - Throws: `invalidArgument` for a directory that is a root, or stands in one.
    package init(_ directory: String) async throws(StoreError) {
        root = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        let raw = try await LocalThreads.run { [root] () throws(StoreError) in
            let top: Descriptor
            do throws(Errno) { top = try LocalThreads.calls.opened(path: root, .directory) } catch {
                throw StoreError(source: error, call: "open", root)
            }
            try RootBounds.expectNone(around: top.raw, for: root)
            return top.release()
        }
        top = Descriptor(raw, of: LocalThreads.calls)
    }

    /// Removes regular files by their paths below the directory, durably.
    /// - Returns: one result for each, in the same order: whether it was removed. What is gone, or is no file any more,
    ///   was not.
    package func remove(_ paths: [String]) async -> [Result<Bool, StoreError>] {
        let results = try? await LocalThreads.run { () throws(StoreError) in
            var rest = paths[...]
            var results: [Result<Bool, StoreError>] = []
            while let first = rest.first {
                let folder = Self.cut(first).folder
                let some = rest.prefix { Self.cut($0).folder.utf8.elementsEqual(folder.utf8) }
                rest = rest.dropFirst(some.count)
                results += self.remove(Array(some), in: folder)
            }
            return results
        }
        let stopped = StoreError(.cancelled, "cancelled; the same command resumes where it stopped")
        return results ?? paths.map { _ in .failure(stopped) }
    }

    /// The files of one folder, which is flushed once.
    private func remove(_ paths: [String], in folder: String) -> [Result<Bool, StoreError>] {
        let calls = LocalThreads.calls
        do throws(StoreError) {
            let place = try open(folder)
            try RootBounds.expectNone(around: place.raw, for: "\(root)/\(folder)")
            var results: [Result<Bool, StoreError>] = []
            do throws(Errno) {
                try calls.durably(in: place.raw) { () throws(Errno) in
                    results = paths.map { path in
                        do throws(Errno) {
                            return .success(try Self.removeFile(Self.cut(path).name, in: place.raw))
                        } catch {
                            return .failure(StoreError(source: error, call: "unlink", "\(root)/\(path)"))
                        }
                    }
                }
            } catch { throw StoreError(source: error, call: "fsync", "\(root)/\(folder)") }
            if results.contains(where: { (try? $0.get()) == true }) {
                _ = emptied.withLock { $0.insert(Array(folder.utf8)) }
            }
            return results
        } catch {
            return paths.map { _ in .failure(error) }
        }
    }

    /// A file, as it is seen right before; a link, a folder or anything else stays.
    private static func removeFile(_ name: String, in folder: Int32) throws(Errno) -> Bool {
        do {
            guard try LocalThreads.calls.status(of: name, in: folder).kind == .file else { return false }
            try LocalThreads.calls.unlink(name, in: folder)
            return true
        } catch {
            if error == .notFound { return false }
            throw error
        }
    }

    /// - Parameter folder: empty, or with a slash at its end.
    private func open(_ folder: String) throws(StoreError) -> Descriptor {
        do throws(Errno) {
            if folder.isEmpty { return try LocalThreads.calls.opened(".", beneath: top, .directory) }
            return try LocalThreads.calls.opened(Self.withoutSlash(folder), beneath: top, .directory)
        } catch {
            let place = "\(root)/\(folder)"
            if error == .tooManySymlinks {
                throw StoreError(.sourceFailed, "\(place) leads through a symbolic link, which is not followed")
            }
            throw StoreError(source: error, call: "openat2", place)
        }
    }

    /// Removes the folders that are empty since their files were removed, and those above them that are empty then. The
    /// directory itself stays; what cannot go stays, too: nobody asked for it.
    /// - Parameter current: a path in the folder that is being read, which stays for now with those above it; nil at
    ///   the end.
    package func removeEmptied(reading current: String?) async {
        let current = current.map { Self.cut($0).folder }
        let isDone = { @Sendable (folder: [UInt8]) in current?.utf8.starts(with: folder) != true }
        let folders = emptied.withLock { emptied in
            let done = emptied.filter(isDone)
            emptied.subtract(done)
            return done
        }
        if folders.isEmpty { return }
        try? await LocalThreads.run { () throws(StoreError) in
            // The innermost first.
            for folder in folders.sorted(by: { $0.count > $1.count }) {
                var folder = folder
                while !folder.isEmpty && isDone(folder) {
                    let (above, name) = Self.cut(Self.withoutSlash(String(decoding: folder, as: UTF8.self)))
                    do throws(StoreError) { try self.removeFolder(name, in: above) } catch { break }
                    folder = Array(above.utf8)
                }
                // One that is being read now may be empty later.
                if !folder.isEmpty && !isDone(folder) { self.emptied.withLock { _ = $0.insert(folder) } }
            }
        }
    }

    private func removeFolder(_ name: String, in above: String) throws(StoreError) {
        let place = try open(above)
        let raw = place.raw
        do throws(Errno) {
            try LocalThreads.calls.durably(in: raw) { () throws(Errno) in
                try LocalThreads.calls.removeDirectory(name, in: raw)
            }
        } catch { throw StoreError(source: error, call: "unlinkat", "\(root)/\(above)\(name)") }
    }

    /// A path as the folder that it is in, empty or with a slash at its end, and its name there. Cut by bytes: a letter
    /// that combines with the slash before it begins the name, and one that combines with the slash after it ends one.
    private static func cut(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        let start = path.utf8.index(after: slash)
        return (String(path[..<start]), String(path[start...]))
    }

    /// A folder's path as it is opened.
    private static func withoutSlash(_ folder: String) -> String {
        String(decoding: folder.utf8.dropLast(), as: UTF8.self)
    }
}

internal import BlobSystem
package import ObjectStorage
internal import Synchronization

/// Walks a directory of this machine, and names what it finds as it goes: any number of files in constant memory.
///
/// Symbolic links inside are named, not followed. The order is the filesystem's. A root of the store is not entered:
/// its records and blobs would be taken for files, and imported into itself a store would grow with each run. One in
/// the tree is refused as one folder, so that the rest is taken and nobody overlooks it. What an output of the store
/// left unfinished is passed over.
package final class LocalTree: Sendable {
    /// Something in the tree.
    package enum Entry: Sendable {
        /// A regular file, by its path below the tree's root.
        case file(String)
        /// A symbolic link.
        case link(String)
        /// Something that cannot be taken, and why.
        case refused(LocalName, StoreError)
    }

    /// A tree deeper than this is not gone into.
    private static let maximumDepth = 256

    private let root: String
    private let state: Mutex<[Level]>

    /// A folder that is open, and what of the names read last waits.
    private struct Level: Sendable {
        let folder: OpenFolder
        var waiting: [String] = []
    }

    /// Opens the directory to walk; the directory itself may be given by a symbolic link.
    /// - Parameter folder: only this folder below it, with a `/` at its end; names begin with it all the same.
    /// - Throws: `notFound`, `permissionDenied`, `invalidArgument` when it is no directory; `sourceFailed` when it
    ///   stands in a root of the store.
    package init(_ root: String, below folder: String = "") async throws(StoreError) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
        let path = folder.isEmpty ? self.root : "\(self.root)/\(folder.dropLast())"
        let flags: OpenFlags = folder.isEmpty ? .directory : [.directory, .noFollow]
        let top = try await LocalThreads.run { () throws(StoreError) in
            let top: OpenFolder
            do throws(Errno) { top = try OpenFolder(at: path, name: folder, flags) } catch {
                if error == .notDirectory { throw StoreError(.invalidArgument, "\(path) is not a directory") }
                throw StoreError(source: error, call: "open", path)
            }
            if let root = try top.root(below: nil) { throw Self.refusal(path, root) }
            return top
        }
        state = Mutex([Level(folder: top)])
    }

    /// Whether a path leads to a directory, as far as can be told.
    package static func isDirectory(_ path: String) async throws(StoreError) -> Bool {
        try await LocalThreads.run { () throws(StoreError) in
            (try? LocalThreads.calls.status(ofPath: path, followingLinks: true))?.kind == .directory
        }
    }

    /// Whether anything stands at a path, be it a link that leads nowhere.
    /// - Throws: what keeps that from being known.
    package static func isAnything(at path: String) async throws(StoreError) -> Bool {
        try await LocalThreads.run { () throws(StoreError) in
            do throws(Errno) {
                _ = try LocalThreads.calls.status(ofPath: path, followingLinks: false)
                return true
            } catch {
                if error == .notFound || error == .notDirectory { return false }
                throw StoreError(source: error, call: "fstatat", path)
            }
        }
    }

    /// The next entries; nil at the end. A page may be empty.
    package func next() async throws(StoreError) -> [Entry]? {
        try await LocalThreads.run { () throws(StoreError) in
            let levels = self.state.withLock { levels in
                defer { levels = [] }
                return levels
            }
            guard !levels.isEmpty else { return nil }
            var walk = levels
            let page = try self.step(&walk)
            self.state.withLock { $0 = walk }
            return page
        }
    }

    /// Goes into a waiting folder, or reads on in the innermost one.
    private func step(_ levels: inout [Level]) throws(StoreError) -> [Entry] {
        let top = levels.count - 1
        if let name = levels[top].waiting.popLast() {
            return enter(levels[top].folder.name + name + "/", &levels)
        }
        do throws(Errno) {
            guard let names = try levels[top].folder.read() else {
                levels.removeLast()
                return []
            }
            return names.compactMap { entry($0, &levels[top]) }
        } catch {
            let folder = levels.removeLast().folder.name
            if levels.isEmpty { throw StoreError(source: error, call: "getdents64", root) }
            return [.refused(LocalName(folder), StoreError(source: error, call: "getdents64", "\(root)/\(folder)"))]
        }
    }

    private func enter(_ name: String, _ levels: inout [Level]) -> [Entry] {
        guard levels.count < Self.maximumDepth else {
            return [.refused(LocalName(name), StoreError(.sourceFailed, "\(root)/\(name) is nested too deeply"))]
        }
        do throws(StoreError) {
            let folder = try open("\(root)/\(name)", name)
            if let root = try folder.root(below: levels.last?.folder) {
                throw Self.refusal("\(self.root)/\(name)", root)
            }
            levels.append(Level(folder: folder))
            return []
        } catch {
            return [.refused(LocalName(name), error)]
        }
    }

    private func open(_ path: String, _ name: String) throws(StoreError) -> OpenFolder {
        do throws(Errno) { return try OpenFolder(at: path, name: name, [.directory, .noFollow]) } catch {
            throw StoreError(source: error, call: "open", path)
        }
    }

    private static func refusal(_ path: String, _ root: String) -> StoreError {
        let place =
            path == root ? "\(path) is a root of the store" : "\(path) is in \(root), which is a root of the store"
        return StoreError(
            .sourceFailed, "\(place), and its files are not packages; name a folder outside all roots")
    }

    private func entry(_ found: OpenFolder.Name, _ level: inout Level) -> Entry? {
        guard let name = String(validating: found.bytes, as: UTF8.self) else {
            let name = LocalName(bytes: Array(level.folder.name.utf8) + found.bytes)
            return .refused(name, LocalSource.refusal(ofBytes: name))
        }
        let path = level.folder.name + name
        let kind = found.kind ?? level.folder.kind(of: name)
        if kind == .file, UnfinishedName(found.bytes) != nil { return nil }
        switch kind {
        case .directory:
            level.waiting.append(name)
            return nil
        case .symbolicLink: return .link(path)
        case .file: return .file(path)
        case .pipe, .device, .socket, .other, nil:
            return .refused(LocalName(path), LocalSource.refusal("\(root)/\(path)", kind))
        }
    }
}

// MARK: - How much there is

/// How many files there are on this machine to be worked on, and how large they are: counted ahead of the work, in
/// constant memory, so that it can be told how much is left.
package struct LocalSurvey: Sendable, Equatable {
    /// Files, and what cannot be taken.
    package private(set) var items: Int64 = 0
    /// Of files, as far as they can be looked at.
    package private(set) var bytes: Int64 = 0
    private let followsLinks: Bool

    /// - Parameter followsLinks: whether files count that symbolic links in a tree lead to.
    package init(followsLinks: Bool) {
        self.followsLinks = followsLinks
    }

    /// Counts a tree.
    /// - Parameters:
    ///   - folder: only this folder below it, with a `/` at its end.
    ///   - isWanted: whether something counts, by its name below the tree's root.
    /// - Throws: as ``LocalTree`` does; `cancelled`.
    package mutating func add(
        tree root: String, below folder: String = "", where isWanted: (LocalName) -> Bool = { _ in true }
    ) async throws(StoreError) {
        let tree = try await LocalTree(root, below: folder)
        while let page = try await tree.next() {
            if Task.isCancelled { throw StoreError(.cancelled, "counting was cancelled") }
            let wanted = page.filter { isWanted($0.name) }
            items += Int64(wanted.count)
            bytes += try await Self.bytes(in: wanted.compactMap { $0.file(followingLinks: followsLinks) }, below: root)
        }
    }

    /// Counts one file, or what a symbolic link that was named leads to.
    package mutating func add(file path: String) async throws(StoreError) {
        items += 1
        bytes += try await Self.bytes(in: [path], below: nil)
    }

    private static func bytes(in files: [String], below root: String?) async throws(StoreError) -> Int64 {
        if files.isEmpty { return 0 }
        return try await LocalThreads.run { () throws(StoreError) in
            files.reduce(into: 0) { sum, file in
                let path = root.map { "\($0)/\(file)" } ?? file
                let status = try? LocalThreads.calls.status(ofPath: path, followingLinks: true)
                if let status, status.kind == .file { sum.add(stated: status.sizeBytes) }
            }
        }
    }
}

extension LocalTree.Entry {
    fileprivate var name: LocalName {
        switch self {
        case .file(let path), .link(let path): LocalName(path)
        case .refused(let name, _): name
        }
    }

    /// The path of what may be a file.
    fileprivate func file(followingLinks: Bool) -> String? {
        switch self {
        case .file(let path): path
        case .link(let path): followingLinks ? path : nil
        case .refused: nil
        }
    }
}

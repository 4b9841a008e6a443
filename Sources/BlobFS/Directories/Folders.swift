internal import BlobStore
internal import BlobSystem

/// Opens and makes the folders of a root.
///
/// A folder is opened for each operation: measured on every mount, that makes what other nodes did in it visible at
/// once, where a plain open of a file missed it for up to 50 seconds.
struct Folders: Sendable {
    private static let maximumWaits = 50
    private static let waitMicroseconds: UInt32 = 2_000

    let root: FileRoot
    let flusher: Flusher
    private let durable = DurableFolders()

    init(root: FileRoot, flusher: Flusher) {
        self.root = root
        self.flusher = flusher
    }

    /// A folder, freshly opened; nil when it does not exist. That is believed only after the folders above it were
    /// opened as well.
    func existing(_ folder: KeyPrefix) throws(StoreError) -> OpenFile? {
        if let open = try open(folder.text) { return open }
        for ancestor in Self.ancestors(of: folder.text) where try open(ancestor) == nil { return nil }
        return try open(folder.text)
    }

    /// A folder, freshly opened, made if it is missing; its name and those above it are durable on return.
    func ensured(_ folder: KeyPrefix) throws(StoreError) -> OpenFile {
        if durable.contains(folder.text), let open = try open(folder.text) { return open }
        guard var parent = try open("") else { throw Self.vanished(FileRoot.subject) }
        for path in Self.ancestors(of: folder.text).dropFirst() + [folder.text] where !path.isEmpty {
            let child = try ensured(Self.name(of: path), in: parent)
            // Another process may have made it and not yet flushed it; so only this process's flush counts.
            if !durable.contains(path) {
                try flusher.flush(folder: parent)
                durable.insert(path)
            }
            parent = child
        }
        return parent
    }

    /// A folder by its name in another, freshly opened, made with the root's mode if it is missing. Not flushed.
    func ensured(_ name: String, in parent: OpenFile) throws(StoreError) -> OpenFile {
        for _ in 0..<8 {
            if let child = try enter(name, in: parent) { return child }
            do { try root.calls.makeDirectory(name, in: parent.raw, mode: root.modes.folder & 0o777) } catch {
                if error == .exists { continue }
                throw StoreError(error, call: "mkdirat", parent.subject + "/" + name)
            }
            guard let child = try enter(name, in: parent) else { continue }
            try root.modes.adopt(child, child.status())
            return child
        }
        throw Self.vanished(parent.subject + "/" + name)
    }

    /// A folder by its name in another that is already open; nil when it does not exist.
    func enter(_ name: String, in parent: OpenFile) throws(StoreError) -> OpenFile? {
        try awaitingMode { () throws(StoreError) in try parent.open(name, [.readOnly, .directory, .noFollow]) }
    }

    /// A folder that a listing came across; nil when it has vanished since.
    func listed(_ path: String) throws(StoreError) -> OpenFile? { try open(path) }

    private func open(_ path: String) throws(StoreError) -> OpenFile? {
        let directory = root.directory
        if path.isEmpty { return try awaitingMode { () throws(StoreError) in try directory.open(".", Self.flags) } }
        return try awaitingMode { () throws(StoreError) in
            try directory.open(String(path.dropLast()), Self.flags)
        }
    }

    private static let flags: OpenFlags = [.readOnly, .directory]

    /// Another account makes a folder in two steps, mkdir and chmod; between them it may not be open to us.
    private func awaitingMode(_ open: () throws(StoreError) -> OpenFile?) throws(StoreError) -> OpenFile? {
        for _ in 0..<Self.maximumWaits {
            do { return try open() } catch {
                guard error.errno == .accessDenied else { throw error }
                root.calls.pause(microseconds: Self.waitMicroseconds)
            }
        }
        return try open()
    }

    /// The folders above a folder, the root first.
    private static func ancestors(of folder: String) -> [String] {
        var all = [""]
        for index in folder.dropLast().indices where folder[index] == "/" { all.append(String(folder[...index])) }
        return folder.isEmpty ? [] : all
    }

    private static func name(of folder: String) -> String {
        let path = folder.dropLast()
        return String(path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path)
    }

    private static func vanished(_ subject: String) -> StoreError {
        StoreError(.unavailable, "\(subject) keeps vanishing while it is made: does something else clean up here?")
    }
}

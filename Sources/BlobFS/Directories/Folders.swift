internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// Opens and makes the folders of a root.
///
/// A folder is opened for each operation: measured on every mount, that makes what other nodes did in it visible at
/// once, where a plain open of a file missed it for up to 50 seconds.
struct Folders: Sendable {
    private static let maximumWaits = 50
    private static let waitMicroseconds: UInt32 = 2_000

    let directory: RootDirectory
    let flusher: Flusher
    private let durable = DurableFolders()
    /// Whether this mount shows modes as it likes, whatever they are set to.
    private let hasFixedModes = Monitor(false)

    init(_ directory: RootDirectory, flusher: Flusher) {
        self.directory = directory
        self.flusher = flusher
    }

    /// A folder, freshly opened; nil when it does not exist. That is believed only after the folders above it were
    /// opened as well.
    func existing(_ folder: KeyPrefix) throws(StoreError) -> OpenFile? {
        if let open = try open(folder.text) { return open }
        let above = Self.ancestors(of: folder.text)
        // There a name that is absent was asked for at the server, not only in what this machine remembers.
        if directory.filesystem == .smb && above.count == 1 { return nil }
        for ancestor in above where try open(ancestor) == nil { return nil }
        return try open(folder.text)
    }

    /// A folder directly in the root, freshly opened, made if it is missing. Its name may not survive a power cut: for
    /// what stands there only until it gets a name elsewhere.
    func ensuredUnflushed(_ folder: KeyPrefix) throws(StoreError) -> OpenFile {
        if let there = try mended(folder.text) { return there.folder }
        guard let root = try open("") else { throw Self.vanished(RootDirectory.subject) }
        return try made(Self.name(of: folder.text), in: root).folder
    }

    /// A folder, freshly opened, made if it is missing; its name and those above it are durable on return.
    func ensured(_ folder: KeyPrefix) throws(StoreError) -> OpenFile { try ensured(folder.text) }

    private func ensured(_ path: String) throws(StoreError) -> OpenFile {
        if durable.contains(path), let there = try open(path) { return there }
        guard let parent = Self.ancestors(of: path).last else { throw Self.vanished(RootDirectory.subject) }
        // Whoever made it has seen to the folders above it, but the root's mode may have been changed since.
        if directory.filesystem == .nfs, !flusher.failures.hasAny, let there = try mended(path), there.wasRight {
            durable.insert(path)
            return there.folder
        }
        return try ensured(path, Self.name(of: path), in: ensured(parent))
    }

    /// Another process may have made it and not yet flushed it; so only this process's flush counts.
    private func ensured(_ path: String, _ name: String, in parent: OpenFile) throws(StoreError) -> OpenFile {
        let mark = try flusher.mark(parent)
        let (child, isNew) = try made(name, in: parent)
        if durable.contains(path) && !isNew { return child }
        if try flusher.sync(parent, since: isNew ? mark : .found) != .inDoubt {
            durable.insert(path)
            return child
        }
        guard !isNew, isRemoved(name, in: parent) else { throw Flusher.doubt(parent) }
        return try ensured(path, name, in: parent)
    }

    /// Takes a folder away whose name may not survive a power cut, if it is empty: then it can be made anew.
    private func isRemoved(_ name: String, in parent: OpenFile) -> Bool {
        do { try directory.calls.removeDirectory(name, in: parent.raw) } catch { return false }
        return true
    }

    /// Remembers that a name was made durable.
    func remember(durable folder: String) { durable.insert(folder) }

    /// Whether this process has made a folder's name durable.
    func isKnownDurable(_ folder: String) -> Bool { durable.contains(folder) }

    /// A folder by its name in another, freshly opened, made with the root's mode if it is missing. Not flushed.
    /// - Returns: the folder, and whether this call made it.
    func made(_ name: String, in parent: OpenFile) throws(StoreError) -> (folder: OpenFile, isNew: Bool) {
        for _ in 0..<8 {
            if let child = try enter(name, in: parent) {
                try mend(child)
                return (child, false)
            }
            do { try directory.calls.makeDirectory(name, in: parent.raw, mode: directory.modes.folder & 0o777) } catch {
                if error == .exists { continue }
                throw StoreError(error, call: "mkdirat", parent.subject + "/" + name)
            }
            guard let child = try enter(name, in: parent) else { continue }
            try directory.modes.adopt(child, child.status())
            return (child, true)
        }
        throw Self.vanished(parent.subject + "/" + name)
    }

    /// A folder by its path, with its mode set right; nil when it does not exist.
    private func mended(_ path: String) throws(StoreError) -> (folder: OpenFile, wasRight: Bool)? {
        guard let there = try open(path) else { return nil }
        return (there, try mend(there))
    }

    /// Sets the mode right of a folder that was there already, if it is this account's: whoever made it may have been
    /// killed between mkdir and chmod, and other accounts are locked out until somebody does.
    /// - Returns: whether there was nothing to set right.
    @discardableResult
    func mend(_ folder: OpenFile) throws(StoreError) -> Bool {
        if hasFixedModes.withLock({ $0 }) { return true }
        let status = try folder.status()
        guard status.owner == directory.calls.effectiveUser, directory.modes.flaw(status) != nil else { return true }
        // What stands in the way of that is no reason to fail: this account can work here.
        guard (try? directory.modes.adopt(folder, status)) != nil else { return false }
        if try directory.modes.flaw(folder.status()) != nil { hasFixedModes.withLock { $0 = true } }
        return false
    }

    /// A folder by its name in another that is already open; nil when it does not exist.
    func enter(_ name: String, in parent: OpenFile) throws(StoreError) -> OpenFile? {
        try open(name, [.readOnly, .directory, .noFollow], in: parent)
    }

    /// The same for one that is most often absent: on SMB, where an absence is asked for twice, one request tells.
    func enterRare(_ name: String, in parent: OpenFile) throws(StoreError) -> OpenFile? {
        if directory.filesystem == .smb {
            do throws(Errno) { _ = try directory.calls.status(of: name, in: parent.raw) } catch {
                // Whatever else stands in the way the opening tells.
                if error == .notFound { return nil }
            }
        }
        return try enter(name, in: parent)
    }

    /// A folder that a listing came across; nil when it has vanished since.
    func listed(_ path: String) throws(StoreError) -> OpenFile? { try open(path) }

    private func open(_ path: String) throws(StoreError) -> OpenFile? {
        if path.isEmpty, let justOpened = directory.justOpened.take() { return justOpened }
        return try open(path.isEmpty ? "." : String(path.dropLast()), [.readOnly, .directory], in: directory.open)
    }

    /// Another account makes a folder in two steps, mkdir and chmod; between them it may not be open to us.
    private func open(_ name: String, _ flags: OpenFlags, in parent: OpenFile) throws(StoreError) -> OpenFile? {
        for _ in 0..<Self.maximumWaits {
            do { return try parent.open(name, flags) } catch {
                guard error.errno == .accessDenied else { throw error }
                directory.calls.pause(microseconds: Self.waitMicroseconds)
            }
        }
        return try parent.open(name, flags)
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
        StoreError(.unavailable, "\(subject) keeps vanishing while it is created; does something else clean up here?")
    }
}

/// Folders whose own names, and those of all folders above them, this process has flushed or seen flushed.
///
/// Bounded: the folders used least recently are forgotten, and flushed once more when they are next used.
private final class DurableFolders: Sendable {
    private struct State {
        var recent: Set<String> = []
        var older: Set<String> = []
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 16_384) { self.capacity = capacity }

    func contains(_ folder: String) -> Bool {
        if folder.isEmpty { return true }
        return state.withLock { state in
            if state.recent.contains(folder) { return true }
            guard state.older.contains(folder) else { return false }
            insert(folder, &state)
            return true
        }
    }

    func insert(_ folder: String) {
        state.withLock { insert(folder, &$0) }
    }

    private func insert(_ folder: String, _ state: inout State) {
        if state.recent.count >= capacity / 2 {
            state.older = state.recent
            state.recent = []
        }
        state.recent.insert(folder)
    }
}

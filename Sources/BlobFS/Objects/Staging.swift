internal import BlobStore
internal import BlobSystem
internal import FoundationEssentials
internal import Synchronization

/// The folder `staging/` of a root, where files are written before they get their names.
final class Staging: Sendable {
    static let name = "staging"
    static let folder = KeyPrefix(trusted: name + "/")

    private let folders: Folders
    private let open = Mutex<OpenFile?>(nil)

    init(folders: Folders) { self.folders = folders }

    /// Whether there is one already, or has been since the root was opened.
    func exists() throws(StoreError) -> Bool {
        if open.withLock({ $0 != nil }) { return true }
        return try folders.existing(Self.folder) != nil
    }

    /// A new file under a name that nobody else has, with the root's mode and group.
    func create() throws(StoreError) -> StagedFile {
        for _ in 0..<3 {
            let directory = try directory()
            let name = UUID().uuidString.lowercased()
            let file: OpenFile
            do { file = try directory.create(name, mode: folders.root.modes.file) } catch {
                forget(directory)
                // Somebody has cleaned the whole folder away.
                if error.code == .notFound { continue }
                throw error
            }
            let staged = StagedFile(file, name, in: directory)
            let status = try file.status()
            staged.identity = status.identity
            try folders.root.modes.adopt(file, status)
            return staged
        }
        throw StoreError(.unavailable, "the folder staging/ keeps vanishing: does something else clean up here?")
    }

    private func directory() throws(StoreError) -> OpenFile {
        if let directory = open.withLock({ $0 }) { return directory }
        guard let root = try folders.existing(.root) else {
            throw StoreError(.unavailable, "the root directory cannot be opened")
        }
        let directory = try folders.ensured(Self.name, in: root)
        open.withLock { $0 = directory }
        return directory
    }

    /// Closes the folder, so that it can be removed.
    func letGo() { open.withLock { $0 = nil } }

    private func forget(_ directory: OpenFile) {
        open.withLock { if $0 === directory { $0 = nil } }
    }
}

/// A file on its way in. Its staging name goes with it; what it was published as stays.
final class StagedFile: Sendable {
    let name: String
    let directory: OpenFile
    private let held: Mutex<OpenFile?>
    private let isNamed = Mutex(true)
    private let knownIdentity = Mutex(FileStatus.Identity(device: 0, inode: 0))

    fileprivate init(_ file: OpenFile, _ name: String, in directory: OpenFile) {
        held = Mutex(file)
        self.name = name
        self.directory = directory
    }

    deinit { try? removeName() }

    fileprivate(set) var identity: FileStatus.Identity {
        get { knownIdentity.withLock { $0 } }
        set { knownIdentity.withLock { $0 = newValue } }
    }

    /// The open file; nil after it was let go.
    var file: OpenFile? { held.withLock { $0 } }

    /// Closes the file and keeps its name: on SMB a second name cannot always be opened while the first is open.
    func letGo() { held.withLock { $0 = nil } }

    /// Takes the staging name away.
    func removeName() throws(StoreError) {
        if isNamed.withLock({ isNamed in
            defer { isNamed = false }; return isNamed
        }) {
            try directory.unlink(name)
        }
    }
}

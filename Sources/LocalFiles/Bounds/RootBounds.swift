internal import BlobSystem
internal import FoundationEssentials
internal import Glibc
internal import ObjectStorage

/// Keeps files of this machine that belong to no root out of all roots: an output there would be taken for a record, or
/// overwrite one, and a tree with a root in it would be imported into itself.
///
/// A root is known by its marker, or by the folders of a feed root whose marker is gone. It is looked for from where a
/// folder really is, upward: a name that leads there by a symbolic link or by a bind mount hides nothing.
enum RootBounds {
    /// No path is as deep.
    private static let maximumDepth = 4_096
    /// So many bind mounts are followed to where they lead.
    private static let maximumMounts = 16

    /// The path of the root that an open folder is, or stands in; nil where there is none, as far as this account can
    /// look.
    /// - Throws: what kept it from looking, but for permission: then nobody knows.
    static func root(around folder: Int32) throws(StoreError) -> String? {
        guard let here = try BoundedFolder.open(".", in: folder) else { return nil }
        return try climb(here, maximumMounts)
    }

    /// Refuses an open folder to write into that is a root, or stands in one.
    /// - Parameter path: what is to be written, for the message.
    static func expectNone(around folder: Int32, for path: String) throws(StoreError) {
        guard let root = try root(around: folder) else { return }
        throw StoreError(
            .invalidArgument,
            "\(place(path, in: root)), where only the store writes; choose another place")
    }

    private static func place(_ path: String, in root: String) -> String {
        path == root ? "\(path) is a root of the store" : "\(path) would be in \(root), which is a root of the store"
    }

    /// Refuses a path to write to that leads into a root, by the nearest folder on its way that is there.
    static func expectNone(onWayTo path: String) throws(StoreError) {
        var way = path
        while let (above, _) = FilePath.split(way) {
            if let folder = try? LocalThreads.calls.opened(path: above, .directory) {
                return try expectNone(around: folder.raw, for: path)
            }
            if above == way { return }
            way = above
        }
    }

    /// The path of the root that an open folder, which was come to from above, is or leads into.
    /// - Parameter outer: the folder above it, which is known to stand in none.
    /// - Throws: as ``root(around:)``.
    static func root(at folder: Int32, below outer: Int32) throws(StoreError) -> String? {
        guard let here = try BoundedFolder.open(".", in: folder) else { return nil }
        if try here.isRoot { return here.path }
        // Only at a mount can the way up differ from the way down.
        guard let above = try BoundedFolder.open(".", in: outer), above.mount == here.mount else {
            return try climb(here, maximumMounts)
        }
        return nil
    }

    private static func climb(_ start: BoundedFolder, _ mounts: Int) throws(StoreError) -> String? {
        var here = start
        for _ in 0..<maximumDepth {
            if try here.isRoot { return here.path }
            // Who may not look there got here by no path of a root of this account.
            guard let above = try BoundedFolder.open("..", in: here.raw) else { return nil }
            let isTop = above.identity == here.identity
            if isTop || above.mount != here.mount, mounts > 0, let original = try original(of: here),
                let found = try climb(original, mounts - 1)
            {
                return found
            }
            if isTop { return nil }
            here = above
        }
        return nil
    }

    /// The folder that was mounted, where it stands in its own filesystem, as far as that is mounted too.
    private static func original(of here: BoundedFolder) throws(StoreError) -> BoundedFolder? {
        guard let mount = here.mount, let table = MountTable(now: LocalThreads.calls) else { return nil }
        for path in table.originals(of: mount) {
            if let folder = try BoundedFolder.open(path, in: AT_FDCWD), folder.identity == here.identity,
                folder.mount != mount
            {
                return folder
            }
        }
        return nil
    }
}

/// A folder that is looked at on the way up.
private final class BoundedFolder {
    let raw: Int32
    let identity: FileStatus.Identity
    /// The kernel's number for the mount that it was reached on; nil where it does not tell.
    let mount: Int?

    /// Nil where there is none, or this account may not go.
    /// - Source: openat(2) with O_PATH, fstat(2), proc(5).
    static func open(_ path: String, in folder: Int32) throws(StoreError) -> BoundedFolder? {
        let raw = openat(folder, path, OpenFlags.place.rawValue | O_DIRECTORY | O_CLOEXEC)
        if raw < 0 {
            if [ENOENT, ENOTDIR, ELOOP, EACCES].contains(errno) { return nil }
            throw unknown("openat", path)
        }
        var status = stat()
        guard fstat(raw, &status) == 0 else {
            defer { close(raw) }
            throw unknown("fstat", path)
        }
        return BoundedFolder(raw, FileStatus.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)))
    }

    private init(_ raw: Int32, _ identity: FileStatus.Identity) {
        self.raw = raw
        self.identity = identity
        mount = MountTable.mount(of: raw, LocalThreads.calls)
    }

    /// What was not seen is no "no".
    private static func unknown(_ call: String, _ path: String) -> StoreError {
        StoreError(
            Errno(rawValue: errno), call: call,
            "it could not be found out whether this place stands in a root of the store (\(path))")
    }

    deinit { close(raw) }

    /// Where it is, for a message.
    var path: String {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/fd/\(raw)", &text, text.count)
        guard length > 0 else { return "a folder above it" }
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it is a root of the store.
    var isRoot: Bool {
        get throws(StoreError) {
            if isFolder("blobs/sha256") && isFolder("packages") { return true }
            switch try marker {
            case .none: return false
            case .ofRoot: return true
            // It may be another program's file of that name; beside a root's folders it is a damaged marker.
            case .garbled: return isFolder("catalog") && isFolder("feeds")
            }
        }
    }

    private enum Marker { case none, ofRoot, garbled }

    /// What `root.json` is. One that this account may not read may be a marker, and so counts as one. Where it may not
    /// even look for it, it is in no root that it could write to.
    private var marker: Marker {
        get throws(StoreError) {
            let file = openat(raw, "root.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            if file < 0 {
                switch errno {
                case ENOENT, ENOTDIR, ELOOP, ENXIO: return .none
                case EACCES, EPERM: return isClosed ? .none : .ofRoot
                default: throw Self.unknown("openat", path)
                }
            }
            defer { close(file) }
            var status = stat()
            guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .none }
            guard let bytes = try? LocalThreads.calls.readFully(file, 1 << 16, at: 0) else { return .ofRoot }
            let glance = try? JSONDecoder().decode(Glance.self, from: Data(bytes))
            return glance.map { ["server", "feed"].contains($0.kind) ? .ofRoot : .none } ?? .garbled
        }
    }

    /// What every marker has, whatever its version.
    private struct Glance: Decodable {
        let kind: String
        let id: String
        let format: Int
    }

    /// Whether this account may not see what is in it.
    private var isClosed: Bool {
        var status = stat()
        return fstatat(raw, "root.json", &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == EACCES
    }

    private func isFolder(_ name: String) -> Bool {
        var status = stat()
        return fstatat(raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

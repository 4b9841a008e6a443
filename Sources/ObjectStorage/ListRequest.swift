/// What to list, and how much to say of each name.
public struct ListRequest: Sendable, Equatable {
    /// The folder to list.
    public var prefix: KeyPrefix
    /// Only keys after this one, in key order.
    public var startAfter: Key?
    /// Whether to name a folder inside the prefix rather than to go through it.
    public var isFlat: Bool
    /// Whether to give each key's size, age and access, which a filesystem must ask for key by key.
    public var wantsDetails: Bool
    /// Whether a folder that this account may not read, that cannot be read, or whose name something else has (a file,
    /// a link, a mount), is told and passed by; else it ends the listing with its error. For those who only look: what
    /// is in there is unknown.
    public var passesUnreadable: Bool

    /// A request; without arguments, for everything below the prefix.
    public init(
        _ prefix: KeyPrefix = .root, startAfter: Key? = nil, isFlat: Bool = false, wantsDetails: Bool = false,
        passesUnreadable: Bool = false
    ) {
        self.prefix = prefix
        self.startAfter = startAfter
        self.isFlat = isFlat
        self.wantsDetails = wantsDetails
        self.passesUnreadable = passesUnreadable
    }
}

/// Something that a listing came across.
public enum ListEntry: Sendable, Equatable {
    /// An object or a record. The details stand there when they were asked for (a backend may give them anyway);
    /// a record's size is that of some generation of it.
    case key(Key, ObjectInfo?)
    /// A folder, in a flat listing.
    case folder(KeyPrefix)
    /// Something that no storage wrote: its path as text, and what is odd about it. It is not gone into.
    case foreign(String, Oddity)
    /// A file or folder which other accounts may not be able to use as they must; in listings with details, beside
    /// its own entry.
    case access(String, String)
    /// A folder that could not be read, and why; only where ``ListRequest/passesUnreadable`` asks for it.
    case unreadable(KeyPrefix, StoreError)

    /// What is odd about a foreign name.
    public enum Oddity: Sendable, Equatable {
        /// It is a file, and cannot be a key.
        case name
        /// It is a folder, and cannot be a key's.
        case folder
        /// It is known as what filesystems, NAS boxes and desktops leave behind: no record, and nothing to miss.
        case litter
        /// It is a symbolic link, a device, a pipe or a socket.
        case notAFile
        /// Another filesystem is mounted there.
        case otherFilesystem
    }
}

extension ListEntry {
    /// The name as it stands in the storage.
    package var text: String {
        switch self {
        case .key(let key, _): key.text
        case .folder(let folder): folder.text
        case .foreign(let path, _), .access(let path, _): path
        case .unreadable(let folder, _): folder.text
        }
    }

    /// Whether it is what filesystems, NAS boxes and desktops leave behind, and so nothing at all.
    package var isLitter: Bool { if case .foreign(_, .litter) = self { true } else { false } }
}

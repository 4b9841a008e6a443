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

    public init(
        _ prefix: KeyPrefix = .root, startAfter: Key? = nil, isFlat: Bool = false, wantsDetails: Bool = false
    ) {
        self.prefix = prefix
        self.startAfter = startAfter
        self.isFlat = isFlat
        self.wantsDetails = wantsDetails
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

    /// What is odd about a foreign name.
    public enum Oddity: Sendable, Equatable {
        /// It cannot be a key.
        case name
        /// It is a symbolic link, a device, a pipe or a socket.
        case notAFile
        /// Another filesystem is mounted there.
        case otherFilesystem
    }
}

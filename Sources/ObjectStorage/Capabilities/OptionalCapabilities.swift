/// A storage that cannot move objects atomically, and whose server refuses a removal that comes too late.
///
/// That is what a collector of garbage needs where it may be paused at any step: a removal that it sends after a long
/// pause must not meet an object that has been published again since. Of a record such a storage's listings with
/// details tell the time since its last write.
public protocol FencedRemovals: Storage {
    /// After so long, by the storage's own clock, no removal takes effect that was prepared before; with room for the
    /// clocks of a server's machines to differ.
    var fence: Duration { get }

    /// Makes sure that the server does refuse what comes too late, which is measured once in a process: whoever removes
    /// what others may publish again asks before it begins.
    /// - Throws: `unsupported` where it does not; what measuring throws.
    func expectFence() async throws(StoreError)

    /// Prepares the removal of an object: signed once, dated by the storage's own clock as of now, never to be signed
    /// again.
    func prepareRemoval(of key: Key) async throws(StoreError) -> PreparedRemoval
}

/// A removal that takes effect before its fence, or not at all.
public struct PreparedRemoval: Sendable {
    /// Sends it, once. A missing object is a success.
    /// - Throws: `unavailable` when it comes too late, or when it is not known whether it took effect.
    public let run: @Sendable () async throws(StoreError) -> Void

    /// A removal that `run` carries out.
    public init(_ run: @escaping @Sendable () async throws(StoreError) -> Void) {
        self.run = run
    }
}

/// A storage whose listings with details tell the MD5 of what they list, by which a record that is known need not be
/// read again.
public protocol DigestedListings: Storage {
    /// Whether a listing that begins after a write tells the MD5 of what was written.
    /// - Parameter measuring: whether this may be found out with writes of its own, once in a process; else only what
    ///   was found before is told.
    /// - Returns: nil where it is not known.
    /// - Throws: what measuring throws.
    func listsWritesAtOnce(measuring: Bool) async throws(StoreError) -> Bool?
}

/// A storage that makes many new objects or records for less than one after another.
public protocol BatchedCreation: Storage {
    /// So many at once cost the least here, as far as that is known by now; 1 where nothing is gained.
    var batchSize: Int { get }

    /// Writes objects that are in memory, each as ``Objects/writeObject(_:_:)`` does, without looking for them first.
    /// - Parameter objects: some dozens, of at most 1 MiB each.
    /// - Returns: one result for each, in the same order. One that failed says nothing of the others.
    func writeObjects(_ objects: [(key: Key, bytes: [UInt8])]) async -> [Result<CommitOutcome, StoreError>]

    /// Creates records, each as ``Records/writeRecord(_:_:expecting:)`` does that expects none.
    /// - Parameter records: some dozens.
    /// - Returns: one result for each, in the same order.
    func createRecords(_ records: [(key: Key, bytes: [UInt8])]) async -> [Result<Record.Version, StoreError>]
}

/// A storage whose objects are files, of which the filesystem may be able to make copies that share their blocks.
public protocol CloneableObjects: Storage {
    /// Copies an object from another storage on the same filesystem without moving bytes or taking room. Unlike with a
    /// link, whoever writes into one of the two files leaves the other as it was.
    /// - Throws: `unsupported` on another filesystem, or one that cannot (ext4); `notFound`; `corrupt` when another
    ///   size stands at the destination.
    /// - Source: ioctl_ficlone(2), on xfs and btrfs.
    func cloneObject(from source: any Storage, _ key: Key, to destination: Key) async throws(StoreError)
}

/// A storage whose objects are files of this machine, which can be given further names outside of it.
public protocol LinkableObjects: Storage {
    /// Gives an object another name on the same filesystem, outside the root: both name the same bytes, so that
    /// whoever writes into one changes the other.
    /// - Throws: `unsupported` on another filesystem; `alreadyExists`; `notFound`.
    /// - Source: link(2).
    func linkObject(_ key: Key, toPath path: String) async throws(StoreError)
}

/// A storage that reads its own clock only off what it writes. Who only reads writes nothing, and goes by this
/// machine's clock until then.
public protocol ClockedStorage: Storage {
    /// Makes ages those by the storage's own clock, by writing a file of its own if it must.
    ///
    /// For who removes what is old. Where this account may not write, ages stay those by this machine's clock.
    func readClock() async throws(StoreError)
}

extension Storage {
    /// Makes ages those by the storage's own clock, before anything is removed for its age.
    package func useOwnClock() async throws(StoreError) {
        try await capability((any ClockedStorage).self)?.readClock()
    }
}

/// A storage whose address may come to lead to another place, as a mount point does.
public protocol AnchoredStorage: Storage {
    /// Tells which record says what place this is. When the address leads elsewhere than before, the storage is opened
    /// there anew, and goes on only where that record stands with those very bytes.
    func anchor(to key: Key, _ bytes: [UInt8])
}

/// A storage whose place has settings of its own that change or remove what stands there, or what it promises.
public protocol ConfiguredStorage: Storage {
    /// What its place is set to, as far as the account may read it. Writes nothing.
    ///
    /// A guarantee holds where the place leaves things as they are; it is nil where the setting could not be read.
    /// - Throws: `cancelled` alone.
    func settings() async throws(StoreError) -> [Guarantee]
}

/// A storage that keeps former versions of records for a while, and what writers left behind who died amid a write.
///
/// Its listings tell the age of a record's first version. A storage that is not of this kind keeps one version only,
/// and its listings with details tell the time since that was written.
public protocol FormerVersions: Storage {
    /// Time since the current version of a record was written, by the storage's own clock; nil when it is absent.
    func recordAge(_ key: Key) async throws(StoreError) -> Duration?

    /// What need not be kept of records: former versions but for the last few, as each write prunes them now and then,
    /// and writes that were begun and that nobody has continued for `idle`.
    ///
    /// *Guarantees*: the current version stays, and no version comes back that was current before it.
    /// - Parameter removing: whether it is taken away, or only told.
    func formerVersions(
        of keys: [Key], idle: Duration, removing: Bool
    ) async throws(StoreError) -> [FormerVersion]
}

/// A former version of a record, or a write of it that was begun, as a file of its own.
public struct FormerVersion: Sendable, Equatable {
    /// Its place in the storage; no key.
    public let name: String
    /// Its size and age.
    public let info: ObjectInfo

    /// A former version of that name.
    public init(name: String, info: ObjectInfo) {
        self.name = name
        self.info = info
    }
}

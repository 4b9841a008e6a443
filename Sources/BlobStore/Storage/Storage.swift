/// A place for objects and records under keys: what a backend implements, and all that it implements.
///
/// An *object* is immutable: its key determines its bytes. It has any size, is streamed, and is written once;
/// writing the same again is harmless. A *record* is small, is read whole, and changes only by compare-and-swap.
/// The kind is told from the key (``Key/isRecord``).
///
/// Conveniences stand in extensions, so that a decorator wraps a storage without losing any. Whoever writes a
/// backend holds it to the conformance suite in `BlobStoreTesting`.
public protocol Storage: Objects, Records, Inventory, Uploads {
    /// How a person would name this place, e.g. `file:///mnt/nas/packages`; without credentials.
    var address: String { get }

    /// What this storage can promise.
    var capabilities: Capabilities { get }

    /// Makes sure that the address still leads to the place that was opened.
    /// - Throws: `wrongRoot` when it does not, e.g. since the share was unmounted.
    /// - Source: on a filesystem device and inode of the path and of the open root are compared (fstat(2)); a
    ///   storage whose address cannot come to mean another place has nothing to do.
    func checkLocation() async throws(StoreError)

    /// Lets go of threads, descriptors and connections; the storage is not used after it.
    func close() async
}

/// Immutable content under keys. Every operation throws `invalidKey` for a record's key.
public protocol Objects: Sendable {
    /// Size and age of an object; nil when there is none.
    func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo?

    /// Opens an object, or a part of it, for `body`.
    ///
    /// *Guarantees*: the chunks never end early as if complete and never mix two contents; a connection that drops
    /// or a file that is replaced by itself is resumed.
    /// - Parameter range: the bytes wanted; nil for all. It must begin within the object, and is cut at its end.
    /// - Throws: `notFound`; `invalidArgument` for a range that begins beyond the end.
    func readObject(
        _ key: Key, range: Range<Int64>?, _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError)

    /// Writes an object: all of it or nothing, whatever fails; durable on return, also when it was there already.
    /// Its age is then now.
    /// - Throws: `corrupt` when an object of another size stands there (it is left as it is); `sourceFailed`.
    func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome

    /// Begins an object whose key is known only at its end.
    func stageObject() async throws(StoreError) -> StagedObject

    /// Makes an object's age now, and its presence durable.
    /// - Returns: false, with nothing changed, when it is absent or has another size.
    /// - Source: `utimensat` with `UTIME_NOW` and `fsync` of the folder; S3 self-copy.
    func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool

    /// Gives an object another name, durably; never overwrites.
    ///
    /// *Guarantees*: with ``Capabilities/atomicMove`` only the object that was moved loses its old name. Without it,
    /// what is written there meanwhile may be removed: for names only that nobody writes (see ``FencedRemovals``).
    /// - Throws: `notFound`; `alreadyExists` when the destination is taken.
    func moveObject(_ key: Key, to destination: Key) async throws(StoreError)

    /// Copies an object of another storage of the same kind here without moving its bytes through this process
    /// (hard link, reflink, server-side copy), durably; the new name's age is now.
    /// - Throws: `unsupported` when that cannot be done; `notFound`; `corrupt` when an object of another size
    ///   stands at the destination.
    func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome

    /// Removes objects, durably. A missing one is a success.
    /// - Returns: one result for each key, in the same order.
    func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>]
}

/// Small values that change by compare-and-swap. Every operation throws `invalidKey` for an object's key.
public protocol Records: Sendable {
    /// Reads records; nil for one that is absent.
    ///
    /// *Guarantees*: linearizable, each for itself: what one node was told is written, every node reads from then
    /// on.
    /// - Returns: one result for each key, in the same order.
    func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>]

    /// Replaces what is expected, or creates what is expected to be absent.
    ///
    /// *Guarantees*: exactly one winner among racing writers on any number of nodes; durable on return. `bytes`
    /// hold a fresh revision in each write, so that a content hash names one write.
    /// - Returns: the version that was written.
    /// - Throws: `preconditionFailed` to a loser, of whom nothing was ever visible; `outcomeUnknown` when it can't be
    ///   settled; `invalidArgument` over ``Record/maximumBytes``.
    func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version

    /// Makes what was last read of a record survive a power cut, whoever wrote it.
    func flushRecord(_ key: Key) async throws(StoreError)

    /// Removes a record that nobody writes any more. A missing one is a success.
    func removeRecord(_ key: Key) async throws(StoreError)
}

/// What is stored.
public protocol Inventory: Sendable {
    /// Lists everything in a folder in key order (the order of the keys' bytes), each key once.
    ///
    /// *Guarantees*: what exists throughout is never skipped; memory does not grow with the folder. It is no
    /// snapshot: of what comes and goes meanwhile, an older name can be missing where a newer one shows. A folder
    /// that does not exist is empty; one that cannot be read is an error, never an early end.
    func list(_ request: ListRequest) -> AsyncPull<[ListEntry]>
}

/// Uploads that were begun and neither committed nor discarded, by living and dead processes.
public protocol Uploads: Sendable {
    /// - Returns: pages of uploads, in no order.
    func uploadsInFlight() -> AsyncPull<[UploadInFlight]>

    /// Frees what an upload holds. A missing one is a success.
    func discardUpload(_ upload: UploadInFlight) async throws(StoreError)
}

/// An upload that is under way, or was when its process died.
public struct UploadInFlight: Sendable, Equatable {
    /// The backend's name for it.
    public let id: String
    /// In bytes, as far as known.
    public let size: Int64
    /// Time since it last grew, by the storage's own clock.
    public let age: Duration

    public init(id: String, size: Int64, age: Duration) {
        self.id = id
        self.size = size
        self.age = age
    }
}

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

    /// Opens an object, or a part of it, for `body`, and returns what that does.
    ///
    /// *Guarantees*: the chunks never end early as if complete and never mix two contents; a connection that drops
    /// or a file that is replaced by itself is resumed.
    /// - Parameters:
    ///   - range: the bytes wanted; nil for all. It must begin within the object, and is cut at its end.
    ///   - pieces: how large the chunks are at most, and how many are fetched ahead.
    /// - Throws: `notFound`; `invalidArgument` for a range that begins beyond the end.
    func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value

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

    /// Gives an object a name that nobody ever used or will use (quarantine, retirement), durably.
    ///
    /// *Guarantees*: with ``Capabilities/atomicMove`` it has exactly one of the two names at every moment, whoever is
    /// stopped where. What is moved is what stands there at that moment, which need not be what was seen before: who
    /// moves looks at what was moved. Without it, what is written there meanwhile may be removed: for names only that
    /// nobody writes (see ``FencedRemovals``).
    /// - Throws: `notFound`; `alreadyExists` when something is seen at the destination, which is then kept. Of movers
    ///   to one name at the same time one may overwrite another's: that is why it must be a fresh one.
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

    /// An upload of that size and age.
    public init(id: String, size: Int64, age: Duration) {
        self.id = id
        self.size = size
        self.age = age
    }
}

// MARK: - Conveniences

extension Records {
    /// Reads one record; nil when it is absent.
    public func readRecord(_ key: Key) async throws(StoreError) -> Record? {
        guard let result = await readRecords([key]).first else { return nil }
        return try result.get()
    }
}

extension Objects {
    /// Opens an object, or a part of it, in large pieces.
    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await readObject(key, range: range, in: .large, body)
    }

    /// Reads an object, or a part of it, in a scope that may throw errors of its own.
    public func withObject<Value: Sendable>(
        _ key: Key, range: Range<Int64>? = nil, in pieces: Pieces = .large,
        _ body: (ObjectContent) async throws -> Value
    ) async throws -> Value {
        let outcome = try await readObject(key, range: range, in: pieces) {
            (content) async throws(StoreError) -> Result<Value, any Error> in
            do { return .success(try await body(content)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// Removes one object; a missing one is a success.
    public func removeObject(_ key: Key) async throws(StoreError) {
        for result in try await removeObjects([key]) { try result.get() }
    }
}

extension AsyncPull {
    /// All elements of all pages. For what is known to be small.
    package func flattened<Item: Sendable>() async throws(StoreError) -> [Item] where Element == [Item] {
        var all: [Item] = []
        for try await page in self { all += page }
        return all
    }
}

// MARK: - Records as they are read

/// A record as it was read: all its bytes, and the token that names this very write of it.
public struct Record: Sendable, Equatable {
    /// The record's bytes: JSON, at most 1 MiB.
    public let bytes: [UInt8]
    /// Names this state of the record, for the next compare-and-swap.
    public let version: Version
    /// What is wrong with the bytes, where the storage knows that they are not what was written; nil else. They may be
    /// kept and replaced, but not be believed.
    public let flaw: String?

    /// A record as it was read.
    public init(bytes: [UInt8], version: Version, flaw: String? = nil) {
        self.bytes = bytes
        self.version = version
        self.flaw = flaw
    }

    /// A record is at most this large.
    public static let maximumBytes = 1 << 20

    /// Names one write of a record; opaque but to the storage that made it.
    public struct Version: Hashable, Sendable, CustomStringConvertible {
        /// What the backend tells versions apart by.
        public let token: String
        /// A version by its token.
        public init(token: String) { self.token = token }
        public var description: String { token }
    }

    /// What a writer believes to be there.
    public enum Expectation: Hashable, Sendable {
        case absent
        case version(Version)
    }
}

// MARK: - Objects on their way in

/// Content on its way in whose digest is known only at its end.
///
/// It is invisible until ``commit(_:)``. It is let go by ``discard()``, or when it goes out of scope; what a dead
/// process left behind shows up in ``Uploads/uploadsInFlight()``.
public struct StagedObject: ~Copyable, Sendable {
    private let upload: any StagedUpload

    /// For backends.
    public init(_ upload: any StagedUpload) {
        self.upload = upload
    }

    deinit { upload.abandon() }

    /// Adds a chunk. May return before the chunk is written; a failure then shows in the next call.
    public func append(_ chunk: [UInt8]) async throws(StoreError) {
        try await upload.append(chunk)
    }

    /// Puts all that was appended under `key`, durably, with an age of now.
    ///
    /// Can be repeated until discarded: a blob that a collector took away meanwhile is brought back this way.
    /// - Returns: whether this call put it there, or an object of this size was there already (its age is then now
    ///   too, and its folder flushed).
    /// - Throws: `corrupt` when an object of another size stands there; it is left as it is.
    public func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        try await upload.commit(key)
    }

    /// Lets go of it now, rather than when it goes out of scope.
    public consuming func discard() async {
        await release()
    }

    /// For decorators: what ``discard()`` does, for who holds it in a class and cannot consume it. Nothing but going
    /// out of scope comes after it.
    public func release() async {
        await upload.discard()
    }
}

/// What writing an object found.
public enum CommitOutcome: Sendable, Equatable {
    /// The object was absent, and this call put it there.
    case created
    /// An object of the same size was there; it was refreshed.
    case present
}

/// A backend's part of a ``StagedObject``, which guarantees: calls come one at a time, nothing is appended after
/// the first commit, and `abandon` is the last call (also after `discard`).
public protocol StagedUpload: AnyObject, Sendable {
    func append(_ chunk: [UInt8]) async throws(StoreError)
    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome
    func discard() async
    /// Releases without waiting; harmless after `discard`.
    func abandon()
}

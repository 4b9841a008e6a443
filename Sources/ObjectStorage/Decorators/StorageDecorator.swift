/// A storage that stands before another one and passes on to it.
///
/// A backend that copies without moving bytes needs to know where an object really stands; a decorator tells it.
public protocol StorageDecorator: Storage {
    /// Where the object of that key stands one layer down.
    /// - Throws: what looking there throws.
    func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key)

    /// Whether what only some storages can do may be asked of the storage beneath. Not where that would get past what
    /// this decorator is for.
    var passesCapabilities: Bool { get }
}

extension StorageDecorator {
    public var passesCapabilities: Bool { true }
}

extension Storage {
    /// The backend's own storage beneath all decorators, and the object's key there.
    ///
    /// For backends, in ``Objects/copyObject(from:_:to:)``: `source` may be decorated.
    public func place(of key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) {
        guard let decorator = self as? any StorageDecorator else { return (self, key) }
        let beneath = try await decorator.placeBeneath(key)
        return try await beneath.storage.place(of: beneath.key)
    }

    /// Where this storage finds an object that it is to copy without moving its bytes: in another of its own kind,
    /// beneath all decorators.
    /// - Parameter isWithinReach: whether it can copy from there.
    /// - Throws: `invalidKey` for a record's key; `unsupported` when `source` is of another kind, or out of reach.
    package func origin(
        of key: Key, in source: any Storage, copiedTo destination: Key,
        where isWithinReach: (Self) -> Bool = { _ in true }
    ) async throws(StoreError) -> (storage: Self, key: Key) {
        try key.expectObject()
        try destination.expectObject()
        let place = try await source.place(of: key)
        guard let storage = place.storage as? Self, isWithinReach(storage) else {
            throw StoreError(.unsupported, "\(address) cannot copy from \(source.address) without moving the bytes")
        }
        return (storage, place.key)
    }
}

// MARK: - What only some storages can do

extension Storage {
    /// The storage beneath all decorators, as one that can do what only some storages can, and where the key stands in
    /// it; nil where it cannot.
    ///
    /// This is the one way to ask: a cast sees the outermost storage only, so that a decorator would take away what the
    /// storage beneath can do.
    /// - Parameter capability: an optional protocol, e.g. `(any FencedRemovals).self`.
    /// - Throws: what a decorator throws that looks for the key.
    public func capability<Capability>(
        _ capability: Capability.Type, at key: Key
    ) async throws(StoreError) -> (storage: Capability, key: Key)? {
        guard let decorator = self as? any StorageDecorator else { return (self as? Capability).map { ($0, key) } }
        guard decorator.passesCapabilities else { return nil }
        let beneath = try await decorator.placeBeneath(key)
        return try await beneath.storage.capability(capability, at: beneath.key)
    }

    /// The same for something that is done for many keys at once.
    public func capability<Capability>(
        _ capability: Capability.Type, at keys: [Key]
    ) async throws(StoreError) -> (storage: Capability, keys: [Key])? {
        var found: Capability?
        var inner: [Key] = []
        for key in keys {
            guard let place = try await self.capability(capability, at: key) else { return nil }
            found = place.storage
            inner.append(place.key)
        }
        return found.map { ($0, inner) }
    }

    /// The same for one that concerns the place as a whole.
    public func capability<Capability>(_ capability: Capability.Type) async throws(StoreError) -> Capability? {
        try await self.capability(capability, at: Key(trusted: "x"))?.storage
    }
}

// MARK: - What decorators are made of

/// A staged object of the storage beneath, with something done around each append and commit.
package final class DecoratedUpload: StagedUpload {
    /// Does the work, once, with something before or after it.
    package typealias Around =
        @Sendable (
            _ operation: StorageOperation, _ byteCount: Int, _ work: () async throws(StoreError) -> Void
        ) async throws(StoreError) -> Void

    private let staged: StagedObject
    private let around: Around

    package init(_ staged: consuming StagedObject, _ around: @escaping Around) {
        self.staged = staged
        self.around = around
    }

    package func append(_ chunk: [UInt8]) async throws(StoreError) {
        try await around(.append, chunk.count) { () async throws(StoreError) in try await staged.append(chunk) }
    }

    package func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        var outcome = CommitOutcome.present
        try await around(.commit, 0) { () async throws(StoreError) in outcome = try await staged.commit(key) }
        return outcome
    }

    package func discard() async { await staged.release() }

    /// The staged object beneath goes out of scope with this one, at once after this call.
    package func abandon() {}
}

/// The operations of a ``Storage``, by their names in the protocol: for decorators that count, log or fail them.
public enum StorageOperation: String, Sendable, CaseIterable {
    case checkLocation
    case statObject, readObject, writeObject, refreshObject, moveObject, copyObject, removeObjects
    case stageObject, append, commit
    case readRecords, writeRecord, flushRecord, removeRecord
    case list, uploadsInFlight, discardUpload

    /// Whether what is stored is different after it.
    var isChange: Bool {
        switch self {
        case .writeObject, .moveObject, .copyObject, .removeObjects, .commit, .writeRecord, .removeRecord,
            .discardUpload:
            true
        default: false
        }
    }
}

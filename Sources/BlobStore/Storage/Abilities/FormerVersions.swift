/// A storage that keeps former versions of records for a while, and what writers left behind who died amid a write.
///
/// Its listings tell the age of a record's first version. A storage that is not of this kind keeps one version only,
/// and its listings with details tell the time since that was written.
public protocol FormerVersions: Storage {
    /// Time since the current version of a record was written, by the storage's own clock; nil when it is absent.
    func recordAge(_ key: Key) async throws(StoreError) -> Duration?

    /// What need not be kept of records: former versions but for the last few, as each write prunes them now and then,
    /// and writes that were begun and that nobody has gone on with for `idle`.
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
    public let info: ObjectInfo

    public init(name: String, info: ObjectInfo) {
        self.name = name
        self.info = info
    }
}

extension Storage {
    /// The storage beneath all decorators that keeps former versions, and the records' keys there; nil when it keeps
    /// none.
    package func formerVersionsPlace(
        of keys: [Key]
    ) async throws(StoreError) -> (storage: any FormerVersions, keys: [Key])? {
        var found: (any FormerVersions)?
        var inner: [Key] = []
        for key in keys {
            let place = try await place(of: key)
            guard let storage = place.storage as? any FormerVersions else { return nil }
            found = storage
            inner.append(place.key)
        }
        return found.map { ($0, inner) }
    }
}

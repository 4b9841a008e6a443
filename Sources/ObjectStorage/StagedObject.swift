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

/// A staged object of the storage beneath, with something done around each append and commit.
final class DecoratedUpload: StagedUpload {
    /// Does the work, once, with something before or after it.
    typealias Around =
        @Sendable (
            _ operation: StorageOperation, _ byteCount: Int, _ work: () async throws(StoreError) -> Void
        ) async throws(StoreError) -> Void

    private let staged: StagedObject
    private let around: Around

    init(_ staged: consuming StagedObject, _ around: @escaping Around) {
        self.staged = staged
        self.around = around
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        try await around(.append, chunk.count) { () async throws(StoreError) in try await staged.append(chunk) }
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        var outcome = CommitOutcome.present
        try await around(.commit, 0) { () async throws(StoreError) in outcome = try await staged.commit(key) }
        return outcome
    }

    func discard() async { await staged.release() }

    /// The staged object beneath goes out of scope with this one, at once after this call.
    func abandon() {}
}

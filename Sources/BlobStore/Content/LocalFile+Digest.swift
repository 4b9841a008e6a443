internal import LocalFiles

extension LocalFile {
    /// Whether the file holds the content of that digest. It is read only where its size is that one's.
    /// - Parameter pass: told of the bytes as they are read.
    func holds(
        _ digest: Digest, size: Int64, pass: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(StoreError) -> Bool {
        guard self.size == size else { return false }
        var hasher = try ContentHasher()
        for try await chunk in chunks() {
            hasher.update(chunk)
            pass(Int64(chunk.count))
        }
        return try hasher.finish().digest == digest
    }
}

package import BlobStore

/// An answer whose body is on its way. What is not read is not fetched, beyond what was fetched ahead.
package final class HTTPStream: Sendable {
    package let head: HTTPHead
    private let transfer: Transfer

    init(_ transfer: Transfer, head: HTTPHead) {
        self.transfer = transfer
        self.head = head
    }

    deinit { transfer.cancel() }

    /// The next bytes; nil at the end, which is told only after all of the body arrived.
    package func next() async throws(StoreError) -> [UInt8]? { try await transfer.nextChunk() }

    /// The rest of a body that is known to be short.
    package func collect(_ limit: Int) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            bytes += chunk
            if bytes.count > limit {
                throw StoreError(.failed, "the server's answer is longer than the \(limit) bytes that make sense")
            }
        }
        return bytes
    }

    /// Ends it; the connection goes too, unless the body has been read to its end.
    package func close() { transfer.cancel() }
}

/// A request that is under way, until it is closed or its stream is let go.
package final class HTTPPending: Sendable {
    private let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }

    /// Waits for the answer's head. To be called once.
    package func stream() async throws(StoreError) -> HTTPStream {
        do { return HTTPStream(transfer, head: try await transfer.head()) } catch {
            transfer.cancel()
            throw error
        }
    }

    package func close() { transfer.cancel() }
}

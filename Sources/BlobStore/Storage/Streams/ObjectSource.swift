/// Content to write that can be read again from its start, so that a write can be tried again honestly.
public struct ObjectSource: Sendable {
    /// In bytes.
    public let size: Int64
    /// Starts a reading; each call yields the same bytes, in chunks of at most 1 MiB.
    public let read: @Sendable () async throws(StoreError) -> AsyncPull<[UInt8]>

    /// - Parameter read: starts a reading. It throws `sourceFailed` when the bytes are no longer what they were.
    public init(size: Int64, read: @escaping @Sendable () async throws(StoreError) -> AsyncPull<[UInt8]>) {
        self.size = size
        self.read = read
    }

    /// Bytes in memory.
    public init(_ bytes: [UInt8]) {
        self.init(size: Int64(bytes.count)) { () throws(StoreError) in .chunks(of: bytes) }
    }
}

extension AsyncPull<[UInt8]> {
    /// Bytes in memory, or a part of them, cut into chunks.
    package static func chunks(of bytes: [UInt8], _ part: Range<Int>? = nil) -> AsyncPull<[UInt8]> {
        let part = part ?? bytes.indices
        let position = Position()
        return AsyncPull { () throws(StoreError) in
            let start = part.lowerBound + position.advance(by: chunkSizeBytes, upTo: part.count)
            if start == part.upperBound { return nil }
            let chunk = start..<Swift.min(start + chunkSizeBytes, part.upperBound)
            return chunk == bytes.indices ? bytes : Array(bytes[chunk])
        }
    }
}

internal import Synchronization

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

extension ObjectSource {
    /// The same content, whose bytes are told as they pass. Of several readings the last one counts: before it begins,
    /// what passed in the one before is taken back.
    package func counted(_ pass: @escaping @Sendable (Int64) -> Void) -> ObjectSource {
        let passed = Mutex<Int64>(0)
        return ObjectSource(size: size) { () async throws(StoreError) in
            let chunks = try await read()
            let before = passed.withLock { count in
                defer { count = 0 }
                return count
            }
            if before > 0 { pass(-before) }
            return chunks.counted { bytes in
                passed.withLock { $0 += bytes }
                pass(bytes)
            }
        }
    }
}

extension AsyncPull<[UInt8]> {
    /// The same content, whose bytes are told as they pass.
    package func counted(_ pass: @escaping @Sendable (Int64) -> Void) -> AsyncPull<[UInt8]> {
        let next = puller()
        return AsyncPull { () async throws(StoreError) in
            let chunk = try await next()
            if let chunk { pass(Int64(chunk.count)) }
            return chunk
        }
    }

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

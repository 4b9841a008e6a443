internal import Synchronization

/// An object that is open for reading, valid inside the scope that opened it.
public struct ObjectContent: Sendable {
    /// The size and age of the whole object.
    public let info: ObjectInfo
    /// The bytes that the chunks make up, as offsets into the object.
    public let range: Range<Int64>
    /// The bytes in order, in chunks of at most 1 MiB, never empty. To be iterated once.
    ///
    /// It ends only after every byte of ``range`` was delivered; what cannot be delivered is an error, never an
    /// early end.
    public let chunks: AsyncPull<[UInt8]>

    /// Content that is read from `chunks`.
    public init(info: ObjectInfo, range: Range<Int64>, chunks: AsyncPull<[UInt8]>) {
        self.info = info
        self.range = range
        self.chunks = chunks
    }
}

/// What a storage knows of an object without reading it.
public struct ObjectInfo: Sendable, Equatable {
    /// In bytes.
    public let size: Int64
    /// Time since it was written or refreshed, by the storage's own clock.
    public let age: Duration
    /// The MD5 of its bytes in 32 lower-case hex digits, where a listing seems to tell it; nil where it does not. It
    /// tells whether bytes that are known are those that stand there, and protects against no attacker.
    public let listedMD5: String?

    /// An object of that size and age.
    public init(size: Int64, age: Duration, listedMD5: String? = nil) {
        self.size = size
        self.age = age
        self.listedMD5 = listedMD5
    }
}

/// Chunks of content are at most this large, wherever content flows.
package let chunkSizeBytes = 1 << 20

// MARK: - Content to write

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

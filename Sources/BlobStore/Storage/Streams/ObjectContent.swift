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

    public init(size: Int64, age: Duration) {
        self.size = size
        self.age = age
    }
}

/// Chunks of content are at most this large, wherever content flows.
package let chunkSizeBytes = 1 << 20

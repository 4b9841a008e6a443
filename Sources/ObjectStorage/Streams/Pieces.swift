internal import Synchronization

/// In what pieces content is handed out while it is read, and how far ahead of its reader it is fetched.
///
/// A reading holds at most the piece that its reader has, and those ahead of it. So a process with many slow readers
/// bounds its memory, and a fast one gets large pieces.
public struct Pieces: Sendable {
    /// A piece has at most so many bytes: 4 KiB to 1 MiB.
    public let sizeBytes: Int
    /// So many pieces are fetched before they are asked for; nil for as many as the storage does best with, whatever
    /// memory that takes.
    public let ahead: Int?

    private var next: (@Sendable () -> Int)?

    /// Told each piece of a reading in order, where it is fetched: of the ones ahead, while the reader still works on
    /// another. Given the place of its first byte in the object. A storage need not tell, and tells
    /// of nothing but what it hands out.
    package var onFetch: (@Sendable (_ offset: Int64, _ bytes: [UInt8]) -> Void)?

    /// Pieces of at most that size, of which so many are fetched ahead: 0 to 64.
    public init(ofBytes sizeBytes: Int, ahead: Int = 1) {
        self.sizeBytes = min(max(sizeBytes, 4 << 10), chunkSizeBytes)
        self.ahead = min(max(ahead, 0), 64)
    }

    /// Pieces whose size changes while they are read: `next` is asked before one is fetched. A storage that fetches
    /// in another manner keeps to the most.
    /// - Parameters:
    ///   - sizeBytes: the most that a piece has: 4 KiB to 1 MiB.
    ///   - ahead: so many are fetched ahead: 0 to 64.
    ///   - next: how large the next one is to be.
    public init(upTo sizeBytes: Int, ahead: Int = 1, next: @escaping @Sendable () -> Int) {
        self.init(ofBytes: sizeBytes, ahead: ahead)
        self.next = next
    }

    /// The most that the piece has which is fetched now.
    package var nextBytes: Int { next.map { min(max($0(), 4 << 10), sizeBytes) } ?? sizeBytes }

    private init() {
        sizeBytes = chunkSizeBytes
        ahead = nil
    }

    /// Pieces of up to 1 MiB, for who reads alone or in a hurry.
    public static let large = Pieces()

    /// What a reading may hold at once; nil where it is not bounded.
    package var heldBytes: Int? { ahead.map { sizeBytes * (1 + $0) } }
}

extension AsyncPull<[UInt8]> {
    /// The same content, in pieces of at most that size.
    package func cut(to sizeBytes: Int) -> AsyncPull<[UInt8]> {
        let next = puller()
        let rest = PieceRest()
        return AsyncPull { () async throws(StoreError) in
            if let piece = rest.take(sizeBytes) { return piece }
            guard let chunk = try await next() else { return nil }
            if chunk.count <= sizeBytes { return chunk }
            rest.keep(chunk)
            return rest.take(sizeBytes)
        }
    }
}

/// What is left of a chunk that is larger than a piece.
private final class PieceRest: Sendable {
    private let rest = Mutex<ArraySlice<UInt8>>([])

    func keep(_ chunk: [UInt8]) { rest.withLock { $0 = chunk[...] } }

    /// The next piece of it; nil where nothing is left.
    func take(_ sizeBytes: Int) -> [UInt8]? {
        rest.withLock { rest in
            if rest.isEmpty { return nil }
            let piece = Array(rest.prefix(sizeBytes))
            rest = rest.dropFirst(piece.count)
            return piece
        }
    }
}

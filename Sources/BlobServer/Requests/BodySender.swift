internal import BlobStore
internal import HummingbirdCore
internal import NIOCore
internal import Synchronization

/// Sends a body in pieces, no faster than its reader takes it.
struct BodySender {
    private var writer: any ResponseBodyWriter
    private let pace: ReaderPace
    private(set) var sentBytes: Int64 = 0

    init(_ writer: any ResponseBodyWriter, _ pace: ReaderPace) {
        self.writer = writer
        self.pace = pace
    }

    /// Hands a piece over once the connection takes more.
    mutating func send(_ buffer: ByteBuffer) async throws {
        let count = buffer.readableBytes
        let start = ContinuousClock.now
        try await writer.write(buffer)
        pace.note(count, in: .now - start)
        sentBytes += Int64(count)
    }

    func finish() async throws { try await writer.finish(nil) }
}

/// In what pieces one reader gets a content: in small ones until it has shown to be fast, and then in large ones, as
/// long as there is a place among those who do.
///
/// So a reader that stalls holds little memory, and those that stalled in a large piece are few.
final class ReaderPace: Sendable {
    static let smallBytes = 16 << 10
    static let largeBytes = 256 << 10
    /// So much must have been taken fast. Some of it may be in the buffers of two kernels: that is why places are few.
    private static let proofBytes = 256 << 10
    private static let fastBytesPerSecond = 8 << 20

    /// How many readers may get large pieces at a time.
    final class Places: Sendable {
        private let free: Atomic<Int>

        init(_ count: Int) { free = Atomic(count) }

        fileprivate func take() -> Bool {
            if free.subtract(1, ordering: .relaxed).newValue >= 0 { return true }
            giveBack()
            return false
        }

        fileprivate func giveBack() { free.add(1, ordering: .relaxed) }
    }

    private let places: Places
    private let isLarge = Atomic(false)
    private let fastBytes = Atomic(0)

    init(_ places: Places) { self.places = places }

    /// To read content in: while one is sent, the next one waits and the one after it is fetched, so that neither side
    /// stands still.
    var pieces: Pieces {
        Pieces(upTo: Self.largeBytes, ahead: 2) { [self] in
            isLarge.load(ordering: .relaxed) ? Self.largeBytes : Self.smallBytes
        }
    }

    /// Takes note of how long the reader was waited for. Called by one task at a time.
    func note(_ count: Int, in time: Duration) {
        if time > .seconds(1) * count / Self.fastBytesPerSecond { return end() }
        let bytes = min(fastBytes.load(ordering: .relaxed) + count, Self.proofBytes)
        fastBytes.store(bytes, ordering: .relaxed)
        if bytes < Self.proofBytes || isLarge.load(ordering: .relaxed) { return }
        if places.take() { isLarge.store(true, ordering: .relaxed) }
    }

    /// Gives the place back: the reader is slow, or has ended.
    func end() {
        fastBytes.store(0, ordering: .relaxed)
        if isLarge.exchange(false, ordering: .relaxed) { places.giveBack() }
    }
}

internal import BlobStore
internal import Synchronization

/// An object in segments: the first is being read while the next ones are on their way.
///
/// How many are on their way is bounded for the whole process: who reads many objects at once has enough under way
/// with one segment each, and would only fill the memory.
final class ObjectReading: Sendable {
    static let segmentBytes: Int64 = 8 << 20
    /// How much of a segment is fetched before it is its turn.
    static let bufferedBytes = 4 << 20
    private static let segmentsAhead = 3
    private static let allowance = SegmentAllowance(6)

    private struct State {
        var current: SegmentReading
        var ahead: [SegmentReading] = []
        /// Where the next segment to fetch begins.
        var next: Int64
        var failure: StoreError?
    }

    private let storage: S3Storage
    private let key: Key
    private let end: Int64
    private let state: Mutex<State>

    init(storage: S3Storage, key: Key, first: SegmentReading, range: Range<Int64>) {
        self.storage = storage
        self.key = key
        end = range.upperBound
        state = Mutex(State(current: first, next: first.range.upperBound))
    }

    func next() async throws(StoreError) -> [UInt8]? {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        do throws(StoreError) {
            if Task.isCancelled { throw StoreError(.cancelled, "the reading of \"\(key)\" was cancelled") }
            while true {
                await fetchAhead()
                if let chunk = try await state.withLock({ $0.current }).next() { return chunk }
                if await !goOn() { return nil }
            }
        } catch {
            state.withLock { $0.failure = error }
            close()
            throw error
        }
    }

    /// Lets go of what is under way.
    func close() {
        let (current, ahead) = state.withLock { state in
            defer { state.ahead = [] }
            return (state.current, state.ahead)
        }
        for reading in [current] + ahead { reading.close() }
        Self.allowance.giveBack(ahead.count)
    }

    /// Goes on to the next segment, which needs no allowance: it takes the place of the one that ended.
    /// - Returns: whether there is one.
    private func goOn() async -> Bool {
        let (segment, wasAhead) = state.withLock { state -> (SegmentReading?, Bool) in
            let wasAhead = !state.ahead.isEmpty
            guard let next = wasAhead ? state.ahead.removeFirst() : nextSegment(of: &state) else { return (nil, false) }
            state.current = next
            return (next, wasAhead)
        }
        if wasAhead { Self.allowance.giveBack(1) } else { await segment?.begin() }
        return segment != nil
    }

    private func fetchAhead() async {
        while state.withLock({ $0.ahead.count < Self.segmentsAhead && $0.next < end }), Self.allowance.take() {
            let segment = state.withLock { state in
                let segment = nextSegment(of: &state)
                if let segment { state.ahead.append(segment) }
                return segment
            }
            guard let segment else { return Self.allowance.giveBack(1) }
            await segment.begin()
        }
    }

    /// The next segment that nobody has asked for yet; nil at the end.
    private func nextSegment(of state: inout State) -> SegmentReading? {
        guard state.next < end else { return nil }
        let range = state.next..<min(state.next + Self.segmentBytes, end)
        state.next = range.upperBound
        return SegmentReading(like: state.current, range)
    }
}

/// How many segments may be on their way before it is their turn, of all objects that a process reads.
private final class SegmentAllowance: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// - Returns: whether one more may be.
    func take() -> Bool {
        free.withLock { free in
            if free > 0 { free -= 1 } else { return false }
            return true
        }
    }

    func giveBack(_ count: Int) { free.withLock { $0 += count } }
}

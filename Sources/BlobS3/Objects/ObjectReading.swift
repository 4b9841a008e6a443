internal import BlobStore
internal import Synchronization

/// An object in segments: the first is being read while the next ones are on their way.
final class ObjectReading: Sendable {
    static let segmentBytes: Int64 = 8 << 20
    /// How much of a segment is fetched before it is its turn.
    static let bufferedBytes = 4 << 20
    private static let segmentsAhead = 3

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
            await fetchAhead()
            while true {
                if let chunk = try await state.withLock({ $0.current }).next() { return chunk }
                let hasMore = state.withLock { state in
                    guard !state.ahead.isEmpty else { return false }
                    state.current = state.ahead.removeFirst()
                    return true
                }
                if !hasMore { return nil }
                await fetchAhead()
            }
        } catch {
            state.withLock { $0.failure = error }
            close()
            throw error
        }
    }

    /// Lets go of what is under way.
    func close() {
        let readings = state.withLock { state in
            defer { state.ahead = [] }
            return [state.current] + state.ahead
        }
        for reading in readings { reading.close() }
    }

    private func fetchAhead() async {
        while true {
            let (model, range) = state.withLock { state -> (SegmentReading, Range<Int64>?) in
                guard state.ahead.count < Self.segmentsAhead, state.next < end else { return (state.current, nil) }
                let range = state.next..<min(state.next + Self.segmentBytes, end)
                state.next = range.upperBound
                return (state.current, range)
            }
            guard let range else { return }
            let segment = SegmentReading(like: model, range)
            state.withLock { $0.ahead.append(segment) }
            await segment.begin()
        }
    }
}

internal import BlobStore
internal import Synchronization

/// One request and its answer: filled by the loop's thread, emptied by one reader.
final class Transfer: @unchecked Sendable {  // What is not under the mutex belongs to the loop's thread.
    enum Mode {
        /// The reader wants all of it at once.
        case collecting(limit: Int)
        /// The reader wants the bytes as they come, and holds them back by not taking them.
        case streaming(limit: Int)
    }

    private struct State {
        var head: HTTPHead?
        var chunks: [[UInt8]] = []
        var bufferedBytes = 0
        var isHeldBack = false
        var end: Result<Void, StoreError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Large enough that a chunk costs little, small enough that many transfers fit in memory.
    private static let chunkCapacity = 256 << 10

    let request: HTTPRequest
    private let mode: Mode
    private let limit: Int
    /// Whether it goes on when its reader's task is cancelled.
    private let isShielded: Bool
    private let loop: TransferLoop
    private let state = Mutex(State())

    // The loop's thread's own.
    var handle: UnsafeMutableRawPointer?
    var sentBytes: Int64 = 0
    var receiving = HTTPHead(status: 0)
    var hasHead = false
    var failure: StoreError?

    init(_ request: HTTPRequest, mode: Mode, isShielded: Bool, loop: TransferLoop) {
        self.request = request
        self.mode = mode
        self.isShielded = isShielded
        limit =
            switch mode {
            case .collecting(let limit), .streaming(let limit): limit
            }
        self.loop = loop
    }
}

// MARK: - The reader's side

extension Transfer {
    func begin() { loop.post(.add(self)) }

    /// Ends it, unless it has ended.
    func cancel() {
        if !isEnded { loop.post(.cancel(self)) }
    }

    var isEnded: Bool { state.withLock { $0.end != nil } }

    /// Waits for the answer's head; when collecting, for all of the answer.
    func head() async throws(StoreError) -> HTTPHead {
        let isWhole = if case .collecting = mode { true } else { false }
        await wait { $0.end != nil || (!isWhole && $0.head != nil) }
        let (head, end) = state.withLock { ($0.head, $0.end) }
        if case .failure(let error) = end, isWhole || head == nil { throw error }
        guard let head else { throw StoreError(.unavailable, "the server closed the connection without an answer") }
        return head
    }

    /// The next bytes; nil at the end, which is told only after all of the body arrived.
    func nextChunk() async throws(StoreError) -> [UInt8]? {
        await wait { !$0.chunks.isEmpty || $0.end != nil }
        let (chunk, end, mustGoOn) = state.withLock { state -> ([UInt8]?, Result<Void, StoreError>?, Bool) in
            guard let chunk = state.chunks.first else { return (nil, state.end, false) }
            state.chunks.removeFirst()
            state.bufferedBytes -= chunk.count
            let mustGoOn = state.isHeldBack && state.bufferedBytes <= limit / 2
            if mustGoOn { state.isHeldBack = false }
            return (chunk, nil, mustGoOn)
        }
        if mustGoOn { loop.post(.goOn(self)) }
        try end?.get()
        return chunk
    }

    private func wait(until isReady: @escaping @Sendable (borrowing State) -> Bool) async {
        await withTaskCancellationHandler {
            while !state.withLock({ isReady($0) }) {
                await withCheckedContinuation { continuation in
                    let mustWait = state.withLock { state in
                        if isReady(state) { return false }
                        state.waiter = continuation
                        return true
                    }
                    if !mustWait { continuation.resume() }
                }
            }
        } onCancel: {
            if !isShielded { cancel() }
        }
    }
}

// MARK: - The loop's side

extension Transfer {
    func end(_ outcome: Result<Void, StoreError>) {
        wake { state in
            if state.end == nil { state.end = outcome }
        }
    }

    func deliver(_ head: HTTPHead) {
        if case .collecting = mode { state.withLock { $0.head = head } } else { wake { $0.head = head } }
    }

    /// - Returns: whether the bytes were taken; else they are to be offered again when the reader has caught up.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if case .collecting = mode { return collect(bytes) }
        var isTaken = true
        wake { state in
            guard state.bufferedBytes < limit else {
                state.isHeldBack = true
                isTaken = false
                return
            }
            state.bufferedBytes += bytes.count
            let last = state.chunks.count - 1
            if last >= 0, state.chunks[last].count + bytes.count <= Self.chunkCapacity {
                state.chunks[last].append(contentsOf: bytes)
                return
            }
            var chunk: [UInt8] = []
            // One that follows another is likely to be filled before it is taken.
            if last >= 0 { chunk.reserveCapacity(Self.chunkCapacity) }
            chunk.append(contentsOf: bytes)
            state.chunks.append(chunk)
        }
        return isTaken
    }

    private func collect(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            if state.bufferedBytes + bytes.count > limit {
                failure = StoreError(.failed, "the server's answer is longer than the \(limit) bytes that make sense")
                return
            }
            state.bufferedBytes += bytes.count
            if state.chunks.isEmpty { state.chunks = [[]] }
            state.chunks[0].append(contentsOf: bytes)
        }
        return true
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}

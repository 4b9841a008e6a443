internal import BlobHTTP
internal import ObjectStorage
internal import Synchronization

/// A range of an object, to its last byte: a connection that breaks is resumed where it was.
final class SegmentReading: Sendable {
    private struct State {
        var pending: HTTPPending?
        var part: OpenedPart?
        /// The next byte to deliver.
        var offset: Int64
        /// Where the open stream stands.
        var streamOffset: Int64 = 0
        /// Nil while enough came since anything broke.
        var attempts: Attempts?
        /// So many bytes came since then.
        var progressBytes: Int64 = 0
    }

    /// After so much the attempts are counted anew: not after a byte, since a server may send one at a time.
    private static let progressThatCountsBytes: Int64 = 1 << 20

    let range: Range<Int64>
    private let storage: S3Storage
    private let key: Key
    private let name: String
    private let size: Int64
    private let etag: String?
    private let bufferedBytes: Int
    private let state: Mutex<State>

    /// The segment that the object was opened with.
    init(
        _ storage: S3Storage, key: Key, name: String, part: OpenedPart, range: Range<Int64>, bufferedBytes: Int
    ) {
        self.bufferedBytes = bufferedBytes
        self.storage = storage
        self.key = key
        self.name = name
        self.range = range
        size = part.head.info.size
        etag = part.head.etag
        state = Mutex(State(part: part, offset: range.lowerBound, streamOffset: part.offset))
    }

    /// Another segment of the same object.
    init(like other: SegmentReading, _ range: Range<Int64>) {
        storage = other.storage
        key = other.key
        name = other.name
        size = other.size
        etag = other.etag
        bufferedBytes = other.bufferedBytes
        self.range = range
        state = Mutex(State(offset: range.lowerBound))
    }

    /// Sends the request, and does not wait for its answer. What goes wrong with it shows when it is its turn.
    func begin() async {
        let pending = try? await storage.session.begin(
            storage.partCall(name, range, etag: etag), bufferingAtMost: bufferedBytes)
        state.withLock { $0.pending = pending }
    }

    func close() {
        state.withLock { state in
            state.pending?.close()
            state.part?.stream.close()
            state.pending = nil
        }
    }

    func next() async throws(StoreError) -> [UInt8]? {
        while state.withLock({ $0.offset }) < range.upperBound {
            do throws(StoreError) {
                let part = try await opened()
                if let chunk = try await part.stream.next() {
                    if let wanted = take(chunk) { return wanted }
                } else {
                    throw StoreError(.unavailable, "the server's answer ended early")
                }
            } catch {
                try await pause(after: error)
            }
        }
        await finish()
        return nil
    }

    /// Takes the answer's end too, so that the connection can be used again.
    private func finish() async {
        let part = state.withLock { state in state.streamOffset == range.upperBound ? state.part.take() : nil }
        _ = try? await part?.stream.next()
    }

    /// What of a chunk was asked for.
    private func take(_ chunk: [UInt8]) -> [UInt8]? {
        state.withLock { state in
            let start = state.streamOffset
            let (end, isTooFar) = start.addingReportingOverflow(Int64(chunk.count))
            if isTooFar { return nil }  // Nothing ends there: the stream is at its end, or goes on in vain.
            state.streamOffset = end
            let wanted = max(start, state.offset)..<max(min(end, range.upperBound), max(start, state.offset))
            guard !wanted.isEmpty else { return nil }
            state.offset = wanted.upperBound
            state.progressBytes += Int64(wanted.count)
            if state.progressBytes >= Self.progressThatCountsBytes { state.attempts = nil }
            if state.attempts == nil { state.progressBytes = 0 }
            if Int(wanted.count) == chunk.count { return chunk }
            return Array(chunk[Int(wanted.lowerBound - start)..<Int(wanted.upperBound - start)])
        }
    }

    private func pause(after error: StoreError) async throws(StoreError) {
        var attempts = state.withLock { state in
            state.part?.stream.close()
            state.part = nil
            return state.attempts
        }
        guard error.isRetryable else { throw error }
        try await storage.session.retries.pause(&attempts, after: error, "GET \(name)")
        state.withLock { $0.attempts = attempts }
    }

    private func opened() async throws(StoreError) -> OpenedPart {
        let (pending, part) = state.withLock { state in (state.pending.take(), state.part) }
        if let part { return part }
        if let pending, let part = try await arrived(pending) { return try keep(part) }
        return try keep(try await reopened())
    }

    /// What was fetched ahead; nil where it was refused. Whatever the reason (credentials may have expired meanwhile),
    /// it is then asked for as if it had not been, by requests that are put right and repeated.
    private func arrived(_ pending: HTTPPending) async throws(StoreError) -> OpenedPart? {
        let stream = try await pending.stream()
        guard stream.head.isSuccess,
            case .part(let part) = try await storage.answer(stream, to: state.withLock { $0.offset }..<range.upperBound)
        else {
            stream.close()
            return nil
        }
        return part
    }

    private func reopened() async throws(StoreError) -> OpenedPart {
        let rest = state.withLock { $0.offset }..<range.upperBound
        var answer = try await storage.openPart(name, rest, etag: etag, bufferingAtMost: bufferedBytes)
        // A refresh may have given the same bytes another ETag: an object's key determines its bytes.
        if case .replaced = answer {
            answer = try await storage.openPart(name, rest, etag: nil, bufferingAtMost: bufferedBytes)
        }
        guard case .part(let part) = answer else {
            throw StoreError(.notFound, "\"\(key)\" was removed while it was read")
        }
        return part
    }

    private func keep(_ part: OpenedPart) throws(StoreError) -> OpenedPart {
        guard part.head.info.size == size else {
            throw StoreError.otherSize(key, found: part.head.info.size, wanted: size)
        }
        state.withLock { state in
            state.part = part
            state.streamOffset = part.offset
        }
        return part
    }
}

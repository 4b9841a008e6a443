internal import BlobHTTP
public import ObjectStorage
internal import Synchronization

/// An object in segments: the first is being read while the next ones are on their way.
///
/// How many are on their way is bounded for the whole process: who reads many objects at once has enough under way
/// with one segment each, and would only fill the memory.
final class ObjectReading: Sendable {
    static let segmentBytes: Int64 = 8 << 20
    /// How much of a segment is fetched before it is its turn, where memory is no matter.
    private static let bufferedBytes = 3 << 20
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
    private let segmentsAhead: Int
    private let state: Mutex<State>

    /// How much of an answer is fetched before it is asked for: two pieces where their number is bounded. Bytes come
    /// here whatever the size of the next piece, so more of them would only be more memory for a slow reader.
    static func bufferedBytes(in pieces: Pieces) -> Int {
        pieces.heldBytes.map { min($0, 2 * pieces.sizeBytes, bufferedBytes) } ?? bufferedBytes
    }

    init(storage: S3Storage, key: Key, first: SegmentReading, range: Range<Int64>, in pieces: Pieces) {
        self.storage = storage
        // One is open in any case, and what is ahead in it is bounded.
        segmentsAhead = pieces.ahead == nil ? Self.segmentsAhead : 0
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
        while state.withLock({ $0.ahead.count < segmentsAhead && $0.next < end }), Self.allowance.take() {
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

extension S3Storage {
    /// A small object is one request. A larger one comes in segments, some of which are fetched ahead side by side.
    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try key.expectObject()
        let opened = try await during("readObject", key) { () async throws(StoreError) in
            try await open(key, range, in: pieces)
        }
        guard let (first, wanted) = opened.reading else {
            return try await body(
                ObjectContent(info: opened.info, range: opened.range, chunks: AsyncPull { () in nil }))
        }
        let reading = ObjectReading(storage: self, key: key, first: first, range: wanted, in: pieces)
        let (info, address) = (opened.info, address)
        let chunks = AsyncPull { () async throws(StoreError) in
            do throws(StoreError) { return try await reading.next() } catch {
                throw error.during("readObject", key: key.text, root: address)
            }
        }
        defer { reading.close() }
        return try await body(ObjectContent(info: info, range: wanted, chunks: chunks.cut(to: pieces.sizeBytes)))
    }

    private struct Opened {
        let info: ObjectInfo
        let range: Range<Int64>
        /// Nil where there is nothing to read.
        var reading: (first: SegmentReading, range: Range<Int64>)?
    }

    private func open(_ key: Key, _ range: Range<Int64>?, in pieces: Pieces) async throws(StoreError) -> Opened {
        let name = try name(key)
        let buffered = ObjectReading.bufferedBytes(in: pieces)
        let start = range?.lowerBound ?? 0
        let end = range?.upperBound ?? Int64.max
        if start < end, start >= 0 {
            let segment = start..<min(end, start + min(ObjectReading.segmentBytes, Int64.max - start))
            switch try await openPart(name, segment, etag: nil, bufferingAtMost: buffered) {
            case .absent: throw StoreError.missing(key)
            case .part(let part) where part.head.info.size > start:
                let size = part.head.info.size
                let wanted = start..<min(end, size)
                let first = SegmentReading(
                    self, key: key, name: name, part: part, range: start..<min(segment.upperBound, size),
                    bufferedBytes: buffered)
                return Opened(info: part.head.info, range: wanted, reading: (first, wanted))
            case .part(let part): part.stream.close()  // Of a server that knows no ranges.
            case .beyondTheEnd, .replaced: break
            }
        }
        // Nothing is wanted, or it begins at the end or beyond.
        guard let found = try await head(name) else { throw StoreError.missing(key) }
        let size = found.info.size
        guard start >= 0, start <= size else {
            throw StoreError(.invalidArgument, "a range from \(start) is beyond the end of \"\(key)\"")
        }
        guard start == size || start == end else {
            throw StoreError(
                .unavailable,
                "the server says that byte \(start) is beyond the end of \"\(key)\", but that it has "
                    + "\(size) bytes; try again")
        }
        return Opened(info: found.info, range: start..<start)
    }
}

/// A part of an object that is on its way.
struct OpenedPart: Sendable {
    let stream: HTTPStream
    /// Of the whole object.
    let head: ObjectHead
    /// Where in the object the stream begins: before what was asked for where the server knows no ranges.
    let offset: Int64
}

/// What becomes of asking for a part.
enum PartAnswer: Sendable {
    case part(OpenedPart)
    case absent
    case beyondTheEnd
    /// It is another object than the one that was begun.
    case replaced
}

extension S3Storage {
    func partCall(_ name: String, _ range: Range<Int64>, etag: String?) -> S3Call {
        var call = S3Call("GET", name)
        call.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        call.headers["If-Match"] = etag
        call.accepted = [404, 412, 416]
        return call
    }

    /// Sends what ``partCall(_:_:etag:)`` asks for.
    func openPart(
        _ name: String, _ range: Range<Int64>, etag: String?, bufferingAtMost limit: Int
    ) async throws(StoreError) -> PartAnswer {
        let stream = try await session.open(partCall(name, range, etag: etag), bufferingAtMost: limit)
        return try await answer(stream, to: range)
    }

    /// Understands an answer to ``partCall(_:_:etag:)``.
    /// - Throws: for any other status, as `unavailable` where it may pass.
    func answer(_ stream: HTTPStream, to range: Range<Int64>) async throws(StoreError) -> PartAnswer {
        switch stream.head.status {
        case 200, 206:
            let part = try part(stream)
            guard part.offset <= range.lowerBound else {
                stream.close()
                throw StoreError(.failed, "the server sends a different part than was asked for")
            }
            return .part(part)
        case 412: return .replaced
        case 416: return .beyondTheEnd
        case 404:
            let refusal = Refusal(HTTPResponse(stream.head, body: try await stream.beginning(64 << 10)))
            if refusal.code == "NoSuchKey" || refusal.code == nil, !refusal.isPage { return .absent }
            throw session.error(refusal)
        default:
            throw session.error(Refusal(HTTPResponse(stream.head, body: try await stream.beginning(64 << 10))))
        }
    }

    private func part(_ stream: HTTPStream) throws(StoreError) -> OpenedPart {
        let headers = stream.head.headers
        // One server answers 200 to ranges, and tells what it sends all the same.
        if let text = headers["Content-Range"] {
            guard let range = ContentRange(text) else {
                throw StoreError(.failed, "the server's Content-Range \"\(text.prefix(80))\" is malformed")
            }
            return OpenedPart(
                stream: stream, head: try ObjectHead(headers, size: range.size), offset: range.bytes.lowerBound)
        }
        guard stream.head.status == 200 else {
            throw StoreError(.failed, "the server sends a part but does not say which")
        }
        return OpenedPart(stream: stream, head: try ObjectHead(headers), offset: 0)
    }
}

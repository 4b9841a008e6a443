public import BlobStore

extension S3Storage {
    /// A small object is one request. A larger one comes in segments, some of which are fetched ahead side by side.
    public func readObject(
        _ key: Key, range: Range<Int64>?, _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try key.expectObject()
        let opened = try await during("readObject", key) { () async throws(StoreError) in
            try await open(key, range)
        }
        guard let (first, wanted) = opened.reading else {
            return try await body(
                ObjectContent(info: opened.info, range: opened.range, chunks: AsyncPull { () in nil }))
        }
        let reading = ObjectReading(storage: self, key: key, first: first, range: wanted)
        let (info, address) = (opened.info, address)
        let chunks = AsyncPull { () async throws(StoreError) in
            do throws(StoreError) { return try await reading.next() } catch {
                throw error.during("readObject", key: key.text, root: address)
            }
        }
        defer { reading.close() }
        try await body(ObjectContent(info: info, range: wanted, chunks: chunks))
    }

    private struct Opened {
        let info: ObjectInfo
        let range: Range<Int64>
        /// Nil where there is nothing to read.
        var reading: (first: SegmentReading, range: Range<Int64>)?
    }

    private func open(_ key: Key, _ range: Range<Int64>?) async throws(StoreError) -> Opened {
        let name = try name(key)
        let start = range?.lowerBound ?? 0
        let end = range?.upperBound ?? Int64.max
        if start < end, start >= 0 {
            let segment = start..<min(end, start + min(ObjectReading.segmentBytes, Int64.max - start))
            switch try await openPart(name, segment, etag: nil) {
            case .absent: throw StoreError.missing(key)
            case .part(let part):
                let size = part.head.info.size
                let wanted = start..<min(end, size)
                let first = SegmentReading(self, key, name, part, start..<min(segment.upperBound, size))
                return Opened(info: part.head.info, range: wanted, reading: (first, wanted))
            case .beyondTheEnd, .replaced: break
            }
        }
        // Nothing is wanted, or it begins at the end or beyond.
        guard let found = try await head(name) else { throw StoreError.missing(key) }
        guard (0...found.info.size).contains(start) else {
            throw StoreError(.invalidArgument, "a range from \(start) is beyond the end of \"\(key)\"")
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

    func openPart(_ name: String, _ range: Range<Int64>, etag: String?) async throws(StoreError) -> PartAnswer {
        let stream = try await session.open(
            partCall(name, range, etag: etag), bufferingAtMost: ObjectReading.bufferedBytes)
        return try await answer(stream)
    }

    /// Understands an answer to ``partCall(_:_:etag:)``.
    /// - Throws: for any other status, as `unavailable` where it may pass.
    func answer(_ stream: HTTPStream) async throws(StoreError) -> PartAnswer {
        switch stream.head.status {
        case 200, 206: return .part(try part(stream))
        case 412: return .replaced
        case 416: return .beyondTheEnd
        case 404:
            let refusal = Refusal(HTTPResponse(stream.head, body: try await stream.collect(64 << 10)))
            if refusal.code == "NoSuchKey" || refusal.code == nil, !refusal.isPage { return .absent }
            throw session.error(refusal)
        default:
            throw session.error(Refusal(HTTPResponse(stream.head, body: try await stream.collect(64 << 10))))
        }
    }

    private func part(_ stream: HTTPStream) throws(StoreError) -> OpenedPart {
        let headers = stream.head.headers
        let wallTime = session.pacing.wallTime()
        // One server answers 200 to ranges, and tells what it sends all the same.
        if let text = headers["Content-Range"] {
            guard let (offset, size) = Self.contentRange(text) else {
                throw StoreError(.failed, "the server's Content-Range \"\(text.prefix(80))\" is none")
            }
            return OpenedPart(
                stream: stream, head: try ObjectHead(headers, size: size, wallTime: wallTime), offset: offset)
        }
        guard stream.head.status == 200 else {
            throw StoreError(.failed, "the server sends a part, and does not say which")
        }
        return OpenedPart(stream: stream, head: try ObjectHead(headers, wallTime: wallTime), offset: 0)
    }

    /// Reads `bytes 0-9/100`.
    private static func contentRange(_ text: String) -> (offset: Int64, size: Int64)? {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2, let size = Int64(parts[1]),
            let offset = parts[0].split(separator: "-").first.flatMap({ Int64($0) }), offset >= 0, offset <= size
        else { return nil }
        return (offset, size)
    }
}

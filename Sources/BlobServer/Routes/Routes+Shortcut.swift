internal import BlobCluster
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import Synchronization

// What is answered on the spot: packages that were read a moment ago.
extension Routes {
    /// The fields of a request for a package that its answer depends on. Where none of them is there, anybody asks, for
    /// all of it, whatever it is.
    private static let telling = [
        "connection", "range", "authorization", "x-api-key", "x-nuget-apikey", "if-match", "if-none-match",
        "if-modified-since", "if-unmodified-since",
    ]

    /// The answer to a GET of a small package of which everything is known: who asks, the feed, the record and the
    /// content. It is the one that ``serve(_:_:on:)`` would give, within the same bounds.
    /// - Returns: nil where that cannot be said without asking the storage, and for whatever is not a whole package.
    func readyAnswer(to request: HTTPRequestHead) -> ReadyAnswer? {
        let work = cluster.work.begin()
        defer { cluster.work.end(work) }
        let (time, start) = (Timestamp.now, ContinuousClock.now)
        let isPlain = !Self.telling.contains { request.headers.contains(name: $0) }
        let fields: HTTPFields = isPlain ? [:] : HTTPFields(request.headers, splitCookie: false)
        guard fields[.connection] != "close", fields[.range] == nil, let caller = access.knownCaller(fields),
            let place = heads.place(of: request.uri), let known = feeds.known(place.path, in: place.feed),
            known.bytes.count <= ReaderPace.smallBytes, let isOpen = access.isKnownOpen(place.feed, known.feed),
            caller.mayRead(place.feed, isOpen: isOpen),
            isPlain || Self.isWanted(known.record, fields)
        else { return nil }
        let headers = heads.headers(of: known, at: place, isOpen: isOpen)
        let line = AccessLine(
            time: time, method: "GET", target: AccessLine.target(request.uri), status: 200,
            bytes: Int64(known.bytes.count), duration: ContinuousClock.now - start,
            requestID: request.headers.first(name: "x-request-id") ?? "", caller: caller.logName, failure: nil)
        metrics.noteRemembered(line)
        report(line)
        return ReadyAnswer(
            head: HTTPResponseHead(version: .http1_1, status: .ok, headers: headers),
            body: ByteBuffer(bytes: known.bytes))
    }

    private static func isWanted(_ record: PackageRecord, _ fields: HTTPFields) -> Bool {
        Preconditions(fields).outcome(for: Preconditions.Present(record), isReading: true) == .proceed
    }
}

/// What targets mean, and the headers of answers to them, as far as they were made a moment ago.
///
/// It says nothing of what there is now: that is asked first, and headers that belong to another record are made anew.
final class PreparedHeads: Sendable {
    /// Where a target leads.
    struct Place: Sendable {
        let target: String
        let feed: FeedName
        let path: PackagePath
        fileprivate var made: Made?
    }

    fileprivate struct Made: Sendable {
        let record: PackageRecord
        let isOpen: Bool
        let headers: HTTPHeaders

        /// Whether the headers are those of a record: they tell nothing else of it.
        func isOf(_ other: PackageRecord, isOpen: Bool) -> Bool {
            record.digest == other.digest && record.size == other.size && record.published == other.published
                && record.contentType == other.contentType && self.isOpen == isOpen
        }
    }

    private static let maximumBytes = 8 << 20
    /// Beside the target, of which one part is the path.
    private static let placeBytes = 2 << 10

    private let places = Mutex(BoundedCache<String, Place>(bound: maximumBytes))

    /// Where a target leads; nil where that is not to a package.
    func place(of target: String) -> Place? {
        if let known = places.withLock({ $0.value(target) }) { return known }
        guard let parts = try? Target(target), parts.segments.count > 3, !parts.isFolder, parts.segments[0] == "feeds",
            parts.segments[2] == "packages", let feed = try? FeedName(parts.segments[1]),
            let path = try? PackagePath(parts.rest)
        else { return nil }
        return Place(target: target, feed: feed, path: path)
    }

    /// The headers of an answer with a package.
    func headers(of package: KnownPackage, at place: Place, isOpen: Bool) -> HTTPHeaders {
        if let made = place.made, made.isOf(package.record, isOpen: isOpen) { return made.headers }
        let content = ServedContent(package.record, in: package.feed, isOpen: isOpen)
        let headers = HTTPResponseHead(content.head(nil)).headers
        var next = place
        next.made = Made(record: package.record, isOpen: isOpen, headers: headers)
        let cost = 4 * place.target.utf8.count + Self.placeBytes
        places.withLock { $0.insert(place.target, next, cost: cost) }
        return headers
    }
}

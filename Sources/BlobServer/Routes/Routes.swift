internal import BlobCluster
internal import HTTPTypes
internal import HummingbirdCore

/// Where a request goes: the whole interface at a glance. What each does stands in a file of its own.
struct Routes: Sendable {
    let store: PackageStore
    let settings: NodeSettings
    let cluster: ClusterNode
    let readiness: Readiness
    let access: Access
    let metrics = NodeMetrics()
    let feeds: FeedHandles
    let uploads: Admission
    let fastReaders: ReaderPace.Places
    let report: @Sendable (AccessLine) -> Void
    let heads = PreparedHeads()

    init(
        _ store: PackageStore, _ settings: NodeSettings, cluster: ClusterNode, readiness: Readiness,
        report: @escaping @Sendable (AccessLine) -> Void
    ) {
        self.store = store
        self.settings = settings
        self.cluster = cluster
        self.readiness = readiness
        self.report = report
        let keys = APIKeys(of: store, timing: settings.timing)
        feeds = FeedHandles(store, settings.caching)
        access = Access(keys, settings.anonymous, of: feeds, isLoopback: settings.listen.isLoopback)
        uploads = Admission(places: settings.uploads)
        fastReaders = ReaderPace.Places(settings.fastReaders)
    }

    /// Serves one request.
    /// - Throws: where an answer breaks off, so that the connection does, too.
    func serve(
        _ request: Request, _ writer: consuming ResponseWriter, on connection: ConnectionState
    ) async throws {
        let work = cluster.work.begin()
        defer { cluster.work.end(work) }
        let (time, start) = (Timestamp.now, ContinuousClock.now)
        metrics.begin()
        let text = request.head.path ?? ""
        var (target, flaw): (Target, Problem?) = (Target.none, nil)
        do throws(Problem) { target = try Target(text) } catch { flaw = error }
        var exchange = Exchange(request, target, writer: consume writer, connection: connection)
        var failure: (any Error)?
        do { try await serve(&exchange, flaw) } catch { failure = error }
        let line = AccessLine(
            time: time, method: request.method.rawValue, target: AccessLine.target(text), status: exchange.status,
            bytes: exchange.sentBytes, duration: ContinuousClock.now - start,
            requestID: request.headers[.requestID] ?? "", caller: exchange.caller.logName,
            failure: failure.map { ($0 as? StoreError)?.message ?? "\($0)" })
        metrics.end(line)
        report(line)
        if let failure { throw failure }
    }

    /// Answers a request, or says why not.
    private func serve(_ exchange: inout Exchange, _ flaw: Problem?) async throws {
        do {
            if let flaw { throw flaw }
            if exchange.isBrief { return try await route(&exchange) }
            // What may compute for long must not hold up the other connections of this one's thread.
            try await withTaskExecutorPreference(globalConcurrentExecutor) { try await route(&exchange) }
        } catch {
            if exchange.isAnswered { throw error }
            let problem = Self.problem(error)
            try await exchange.answer(exchange.isFromBrowser ? Page.saying(problem) : Answer(problem))
        }
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as StoreError: Problem(error)
        default: Problem(.badRequest, code: "sourceFailed", "the request broke off")
        }
    }

    private func route(_ exchange: inout Exchange) async throws {
        let segments = exchange.target.segments
        switch (segments.first, segments.count) {
        case (nil, _), ("feeds", 1): try await listFeeds(&exchange)
        case ("health", 1), ("health", 2): try await health(&exchange)
        case ("metrics", 1): try await prometheus(&exchange)
        case ("cluster", 1): try await clusterPage(&exchange, isJSON: false)
        case ("cluster.json", 1): try await clusterPage(&exchange, isJSON: true)
        case ("cluster", 4) where segments[1] == "nodes" && segments[3] == "remove": try await removeNode(&exchange)
        case ("feeds", 3...) where segments[2] == "packages" || PackageFormats.named(segments[2]) != nil:
            try await packages(&exchange)
        case ("feeds", 5) where segments[2] == "blobs" && segments[3] == "sha256": try await blob(&exchange)
        default: throw Problem(.notFound, "there is nothing at this path")
        }
    }

    private func packages(_ exchange: inout Exchange) async throws {
        let feed = try FeedName(exchange.target.segments[1])
        if exchange.target.isFolder || exchange.target.segments.count == 3 {
            return try await listFolder(in: feed, &exchange)
        }
        let path = try PackagePath(exchange.target.rest)
        let format = PackageFormats.named(exchange.target.segments[2])
        if let format, try await format.serve(path, in: feed, by: self, &exchange) { return }
        switch exchange.method {
        case .get, .head: try await getPackage(path, in: feed, &exchange)
        case .put: try await putPackage(path, in: feed, &exchange)
        case .delete: try await deletePackage(path, in: feed, &exchange)
        default: throw Self.notAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    /// Finds out who asks, and makes sure that they may do that in a feed.
    /// - Throws: 401, 403, 429.
    func admit(_ scope: KeyRecord.Scope, to feed: FeedName, _ exchange: inout Exchange) async throws {
        try await exchange.identify(access)
        try await access.expect(exchange.caller, scope, in: feed)
    }

    /// - Throws: 405 for anything but reading.
    func expectReading(_ exchange: borrowing Exchange) throws(Problem) {
        let method = exchange.method
        if method != .get && method != .head { throw Self.notAllowed("GET, HEAD") }
    }

    static func notAllowed(_ methods: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "the method cannot be used here")
        problem.fields[.allow] = methods
        return problem
    }
}

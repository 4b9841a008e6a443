internal import BlobCluster

/// What goes on in the cluster: nodes, jobs, and feeds with the freshness of their verification.
struct ClusterOverview: Encodable {
    struct Node: Encodable {
        let name: String
        let state: String
        let heartbeatAgeSeconds: Int64
        let version: String?
        let address: String?
        let load: [String: Int64]
        let started: String?
    }

    struct Job: Encodable {
        let id: String
        let kind: String
        let feed: String?
        let by: String
        let created: String
        let ended: String?
        let state: String
        let outcome: String?
        let nodes: [String]
        let percent: Int64
        let shards: Int
        let shardsEnded: Int
        let result: [String: Int64]
        let message: String?
    }

    struct Feed: Encodable {
        let name: String
        let root: String?
        let state: String
        /// 0 where nodes do not verify it.
        let verifySeconds: Int64?
        let collects: Bool?
        /// How many versions stay in which folders; empty where all do.
        let retain: [String]?
        /// When it was checked last; what follows is as of then.
        var checked: String?
        var errors: Int64?
        var bytes: Int64?
        /// Of content that was verified within 30 days.
        var freshBytes: Int64?
    }

    /// More feeds are not looked at for one page.
    private static let maximumFeeds = 200

    let planner: String?
    let term: Int64
    let nodes: [Node]
    let jobs: [Job]
    let feeds: [Feed]
    let drift: [String: [String: [String]]]

    init(_ store: PackageStore, _ cluster: ClusterNode, timing: ClusterTiming) async throws(StoreError) {
        let nodes = try await cluster.registry.nodes()
        let jobs = try await JobBoard(of: store, timing: timing).jobs()
        let standing = cluster.standing
        planner = standing.planner
        term = standing.term
        self.nodes = nodes.map { Node($0) }
        self.jobs = jobs.map { Job($0) }
        feeds = try await Self.feeds(of: store, jobs)
        drift = Dictionary(
            Drift.among(nodes).map { ($0.aspect.rawValue, $0.nodes) }, uniquingKeysWith: { first, _ in first })
    }

    private static func feeds(of store: PackageStore, _ jobs: [JobRecord]) async throws(StoreError) -> [Feed] {
        var feeds: [Feed] = []
        for name in try await store.feeds().flattened().prefix(maximumFeeds) {
            do throws(StoreError) {
                let feed = try await store.feed(name)
                feeds.append(Feed(try await feed.record(), in: feed.store, jobs))
            } catch {
                if error.code == .cancelled { throw error }
                feeds.append(Feed(name, error))
            }
        }
        return feeds
    }
}

extension ClusterOverview.Node {
    fileprivate init(_ status: NodeStatus) {
        let about = status.record?.about
        name = status.node
        state =
            switch status.state {
            case .alive: "alive"
            case .silent: "silent"
            case .left: "left"
            case .unknown(let error): "unknown: \(error.message)"
            }
        heartbeatAgeSeconds = status.age.components.seconds
        version = about?.version
        address = about?.address
        load = about?.load ?? [:]
        started = status.record?.started.description
    }
}

extension ClusterOverview.Job {
    fileprivate init(_ record: JobRecord) {
        id = record.id
        kind = record.kind
        feed = record.feed
        by = record.by
        created = record.created.description
        ended = record.ended?.description
        state = record.condition.rawValue
        outcome = record.outcome?.rawValue
        nodes = record.nodes
        percent = record.percent
        shards = record.shards.count
        shardsEnded = record.shardsEnded
        result = record.result
        message = record.message
    }
}

extension ClusterOverview.Feed {
    /// A feed, and what the last check of it came to.
    fileprivate init(_ record: FeedRecord, in store: PackageStore, _ jobs: [JobRecord]) {
        name = record.feed.text
        root = store.location(record).description
        state = record.state.rawValue
        verifySeconds = record.verificationPeriod?.components.seconds ?? 0
        collects = record.isCollected
        retain = record.retentionRules.map(\.description)
        let checks = jobs.filter { $0.kind == "check" && $0.feed == record.feed.text && $0.outcome == .done }
        guard let last = checks.max(by: { ($0.ended?.seconds ?? 0) < ($1.ended?.seconds ?? 0) }) else { return }
        checked = last.ended?.description
        errors = last.result["errors"]
        bytes = last.result["bytes"]
        freshBytes = last.result["freshBytes"]
    }

    fileprivate init(_ feed: FeedName, _ error: StoreError) {
        name = feed.text
        root = nil
        state = "unknown: \(error.message)"
        verifySeconds = nil
        collects = nil
        retain = nil
    }
}

// For people.
extension ClusterOverview {
    var html: String {
        let differences = drift.keys.sorted().map { aspect in
            "<p class=\"bad\">Nodes differ in their \(Page.text(aspect)).</p>\n"
        }
        return differences.joined() + nodeTable + (jobs.isEmpty ? "" : "<h2>Jobs</h2>\n" + jobTable)
            + (feeds.isEmpty ? "" : "<h2>Feeds</h2>\n" + feedTable)
    }

    private var nodeTable: String {
        let rows = nodes.map { node in
            [
                Page.text(node.name), Self.marked(node.state, isBad: node.state != "alive"),
                "\(node.heartbeatAgeSeconds) s", Page.text(node.version ?? ""), Page.text(node.address ?? ""),
                node.name == planner ? "planner" : "",
            ]
        }
        return Page.table(["Node", "State", "Heartbeat", "Version", "Address", ""], rows)
    }

    private var jobTable: String {
        let rows = jobs.sorted { $0.created > $1.created }.map { job in
            let isBad = job.state == "failed" || (job.result["errors"] ?? 0) > 0
            return [
                Page.text(job.id), Page.text(job.kind), Page.text(job.feed ?? ""), Self.marked(job.state, isBad: isBad),
                "\(job.percent) %, \(job.shardsEnded) of \(job.shards) parts",
                Page.text(job.nodes.joined(separator: ", ")),
                Page.text(job.created), Page.text(job.message ?? ""),
            ]
        }
        return Page.table(["Job", "Kind", "Feed", "State", "Progress", "Nodes", "Created", ""], rows)
    }

    private var feedTable: String {
        let rows = feeds.map { feed in
            [
                Page.text(feed.name), Page.text(feed.root ?? ""),
                Self.marked(feed.state, isBad: feed.state != "active"),
                feed.collects == true ? "freed" : "kept",
                feed.retain?.isEmpty == false ? Page.text((feed.retain ?? []).joined(separator: ", ")) : "all kept",
                Self.freshness(feed),
            ]
        }
        return Page.table(["Feed", "Root", "State", "Garbage", "Versions", "Verified"], rows)
    }

    /// e.g. `98 % within 30 days, as of 2026-01-31T08:05:00Z`
    private static func freshness(_ feed: Feed) -> String {
        if feed.verifySeconds == 0 { return "never" }
        guard let checked = feed.checked, let bytes = feed.bytes, let fresh = feed.freshBytes else {
            return "not checked yet"
        }
        let percent = bytes > 0 ? Int64(Double(fresh) * 100 / Double(bytes)) : 100
        let errors = feed.errors ?? 0
        let damage = errors > 0 ? marked(", \(errors) errors", isBad: true) : ""
        return "\(percent) % within 30 days\(damage), as of \(Page.text(checked))"
    }

    private static func marked(_ text: String, isBad: Bool) -> String {
        isBad ? "<span class=\"bad\">\(Page.text(text))</span>" : Page.text(text)
    }
}

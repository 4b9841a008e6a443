public import BlobCluster
internal import HummingbirdCore
public import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization

/// A server node: serves the packages of a store over HTTP, takes part in its cluster, and does its share of the jobs.
///
/// It starts with ``run()`` and stops with ``stop()``: it says that it is not ready, and still serves; takes no more
/// connections, and lets running requests end; hands its jobs back, and leaves the registry.
public final class Node: Sendable {
    private let store: PackageStore
    private let settings: NodeSettings
    private let log: Logger
    private let cluster: ClusterNode
    private let report: @Sendable (AccessLine) -> Void
    private let group = Mutex<ServiceGroup?>(nil)
    private let boundPort = Mutex<Int?>(nil)

    private init(
        _ store: PackageStore, _ settings: NodeSettings, cluster: ClusterNode, log: Logger,
        report: @escaping @Sendable (AccessLine) -> Void
    ) {
        self.store = store
        self.settings = settings
        self.cluster = cluster
        self.log = log
        self.report = report
    }

    /// A node of a store; ``run()`` makes it serve.
    /// - Parameters:
    ///   - worker: the same store for the jobs, opened apart so that they read and write at a rate of their own.
    ///   - report: told of each request when it has ended, from any thread.
    /// - Cost: one request to the storage.
    public static func open(
        _ store: PackageStore, _ settings: NodeSettings, worker: PackageStore? = nil,
        log: Logger = Logger(label: "blobnode"),
        report: @escaping @Sendable (AccessLine) -> Void = { _ in }
    ) async throws(StoreError) -> Node {
        store.waitForMigration = settings.migrationWait
        var about = NodeRecord.Description(version: settings.version, address: settings.address)
        about.roots = [store.url.description: store.rootID]
        about.settings = try settings.fingerprint()
        var options = ClusterNode.Options(about: about)
        options.timing = settings.timing
        options.schedules = [try Schedule("clean-up", kind: "clean-up", every: .seconds(6 * 3_600))]
        let tell: @Sendable (ClusterEvent) -> Void = { log.info("\($0)") }
        let rules = FeedRules(store, report: tell)
        options.rules = { () async throws(StoreError) in try await rules.schedules() }
        let worker = worker ?? store
        let runners: [any JobRunner] = [
            CheckRunner(worker), CollectRunner(worker), RetentionRunner(worker),
            CleanUpRunner(store, timing: settings.timing),
        ]
        let cluster = try await ClusterNode.open(store, runners: runners, options, report: tell)
        return Node(store, settings, cluster: cluster, log: log, report: report)
    }

    /// The port that it listens on; nil before it does.
    public var port: Int? { boundPort.withLock { $0 } }

    /// Serves until ``stop()``, or until something fails that it cannot do without.
    /// - Throws: a `StoreError` `alreadyExists` when another process runs under this node's name; whatever kept it from
    ///   listening.
    public func run() async throws {
        let readiness = Readiness(store, cluster, timing: settings.timing)
        let routes = Routes(store, settings, cluster: cluster, readiness: readiness, report: report)
        let marks = AnswerMarks(node: store.node.text) { routes.metrics.noteRefusal($0) }
        let services: [any Service] = [
            ClusterService(cluster: cluster), server(routes, marks: marks, readiness),
            DrainService(readiness: readiness, marks: marks, duration: settings.drain),
        ]
        var quiet = log
        quiet.logLevel = max(log.logLevel, .warning)
        var configuration = ServiceGroupConfiguration(services: services, logger: quiet)
        configuration.maximumGracefulShutdownDuration = settings.drain + settings.grace
        let group = ServiceGroup(configuration: configuration)
        self.group.withLock { $0 = group }
        try await group.run()
    }

    private func server(_ routes: Routes, marks: AnswerMarks, _ readiness: Readiness) -> any Service {
        let channel = NodeChannel(
            settings.limits, marks: marks, ready: { marks.isClosing ? nil : routes.readyAnswer(to: $0) },
            routes: { request, writer, connection in try await routes.serve(request, writer, on: connection) })
        let listen = settings.listen
        return channel.server(
            configuration: ServerConfiguration(address: .hostname(listen.host, port: listen.port), backlog: 1_024),
            onServerRunning: { [self] channel in
                boundPort.withLock { $0 = channel.localAddress?.port }
                readiness.listen()
                log.notice("listens on \(listen.host), port \(channel.localAddress?.port ?? listen.port)")
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log)
    }

    /// Begins to stop in an orderly way; ``run()`` returns when that is done.
    public func stop() async {
        let group = group.withLock { $0 }
        await group?.triggerGracefulShutdown()
    }
}

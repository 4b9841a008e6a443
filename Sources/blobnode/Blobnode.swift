internal import ArgumentParser
internal import BlobBackends
internal import BlobCluster
internal import BlobServer
internal import BlobTerminal
internal import FoundationEssentials
internal import Glibc
internal import Logging

/// The command line of a node: what there is to type.
struct Blobnode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blobnode",
        abstract: "Serves the packages of a server root over HTTP, as one of any number of equal nodes.",
        discussion: """
            All nodes of a store share its root, and need nothing else of each other. Put any load balancer before \
            them: GET /health/ready says which ones should get requests.

            Examples:
              blobnode --root /mnt/nas/packages --listen 127.0.0.1:8080
              BLOBSTORE_ROOT=/mnt/nas/packages blobnode --listen 0.0.0.0:8080 --node web-1

            SIGTERM stops it in an orderly way: it says that it is not ready, and still serves, for --drain; then it \
            takes no more connections, and running requests may end within --grace. A second signal ends it at once.
            """,
        version: nodeVersion)

    @OptionGroup var root: RootOptions

    @Option(
        help: ArgumentHelp("Where to listen; else BLOBNODE_LISTEN, else the config file.", valueName: "address:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "The node's name; else BLOBNODE_NAME, else the config file, else the host's name.", valueName: "name"))
    var node: String?

    @Option(help: ArgumentHelp("The URL at which others reach this node.", valueName: "url"))
    var address: String?

    @Option(help: ArgumentHelp("How long it is not ready, and still serves, before it stops.", valueName: "time"))
    var drain = "5s"

    @Option(help: ArgumentHelp("How long running requests may take to end then.", valueName: "time"))
    var grace = "60s"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The most content that jobs of this node read per second, e.g. 50MB or 50MiB.", valueName: "rate"),
        transform: { try ByteRate(writtenAs: $0) })
    var jobRate: ByteRate?

    @Option(
        help: ArgumentHelp(
            "Let callers without an API key read this feed, or \"all\"; may be given several times.",
            valueName: "feed"))
    var anonymousRead: [String] = []

    @Flag(help: "Print the manual page, in roff, and exit.")
    var man = false

    @Flag(name: .shortAndLong, help: "Print only errors, and no line for each request.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print more to standard error; give it twice for everything.")
    var verbose: Int

    var verbosity: Console.Verbosity {
        if quiet { return .quiet }
        return verbose == 0 ? .normal : verbose == 1 ? .verbose : .debug
    }
}

/// What `--version` says.
let nodeVersion = "blobnode \(Release.version)"

// What it does.
extension Blobnode {
    /// Serves until a signal comes.
    /// - Returns: what the process ends with: 0 after an orderly stop.
    func serve(on console: Console, until interruption: Interruption, counting metrics: MetricsRegistry) async -> Int32
    {
        do {
            let environment = ProcessInfo.processInfo.environment
            let stated = try await root.settings()
            var settings = try nodeSettings(environment, stated)
            settings.metrics = metrics
            interruption.timeToStop = settings.drain + settings.grace + .seconds(30)
            let name = try nodeName(environment, stated)
            Backends.loadLibraries()
            let store = try await openStore(stated, name)
            let worker = if let jobRate { try await openStore(stated, name, limit: jobRate) } else { store }
            let node = try await Node.open(store, settings, worker: worker) { line in
                if !quiet { console.emit(line.json, text: nil) }
            }
            interruption.onRequest { Task { await node.stop() } }
            try await node.run()
            await store.close()
            if worker !== store { await worker.close() }
            return ExitStatus.done.code
        } catch {
            return Main.fail("\(error)", on: console)
        }
    }

    private func openStore(
        _ stated: ServerSettings, _ name: NodeName, limit: ByteRate? = nil
    ) async throws -> PackageStore {
        try await PackageStore.open(
            stated.root.value, node: name, rootID: stated.rootID?.value,
            with: Backends(bytesPerSecond: limit?.bytesPerSecond))
    }

    private func nodeSettings(_ environment: [String: String], _ stated: ServerSettings) throws -> NodeSettings {
        guard let text = listen ?? Self.filled(environment["BLOBNODE_LISTEN"]) ?? stated.listen else {
            throw StoreError(
                .invalidArgument,
                "no address is named; give --listen, set BLOBNODE_LISTEN, or write listen into a config file")
        }
        var settings = NodeSettings(listen: try ListenAddress(text), version: Release.version)
        settings.address = address
        settings.drain = try Duration(writtenAs: drain)
        settings.grace = try Duration(writtenAs: grace)
        if anonymousRead.contains("all") {
            settings.anonymous = .all
        } else if !anonymousRead.isEmpty {
            settings.anonymous = .feeds(Set(try anonymousRead.map { try FeedName($0) }))
        }
        return settings
    }

    private func nodeName(_ environment: [String: String], _ stated: ServerSettings) throws -> NodeName {
        if let name = node ?? Self.filled(environment["BLOBNODE_NAME"]) ?? stated.node { return try NodeName(name) }
        return try .ofThisMachine()
    }

    private static func filled(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
}

extension AccessLine {
    /// As a line for programs.
    fileprivate var json: JSONLine {
        let parts = duration.components
        return JSONLine(
            "request",
            [
                "time": .string(time.description), "id": .string(requestID), "method": .string(method),
                "target": .string(target), "status": .integer(Int64(status)), "bytes": .integer(bytes),
                "milliseconds": .integer(parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000),
                "caller": caller.map { .string($0) }, "failure": failure.map { .string($0) },
            ])
    }
}

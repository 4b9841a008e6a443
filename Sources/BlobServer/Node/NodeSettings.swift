public import BlobCluster
internal import BlobStore

/// How a node runs.
public struct NodeSettings: Sendable {
    /// Where it listens.
    public var listen: ListenAddress
    /// The URL at which others reach it.
    public var address: String?
    /// So long it says that it is not ready, and still serves, before it stops.
    public var drain = Duration.seconds(5)
    /// So long requests that are running may take to end.
    public var grace = Duration.seconds(60)
    /// What one connection may cost.
    public var limits = ConnectionLimits()
    /// What callers may read without an API key.
    public var anonymous = AnonymousReading.onLoopbackWithoutKeys
    /// So many uploads are taken at a time.
    public var uploads = 128
    /// The largest upload.
    public var uploadBytes: Int64 = 1 << 40
    /// So many readers at a time get large content in large pieces; the others, and all slow ones, in small ones.
    public var fastReaders = 16
    /// What is remembered of packages that were read, and for how long.
    public var caching = FeedCaching(contentBytes: 64 << 20)
    /// So long an upload waits for a migration that holds writers.
    public var migrationWait = Duration.seconds(20)
    /// What the libraries count; told at `/metrics`.
    public var metrics: MetricsRegistry?
    /// The program's version.
    public var version: String
    /// How often it looks at the cluster and gives signs of life.
    public var timing = ClusterTiming()

    /// Settings for a node that listens there.
    public init(listen: ListenAddress, version: String) {
        self.listen = listen
        self.version = version
    }
}

extension NodeSettings {
    /// Names what all nodes of a store should do alike, without revealing it: any of them may get a request.
    func fingerprint() throws(StoreError) -> String {
        let readers =
            switch anonymous {
            case .all: "all"
            case .feeds(let feeds): feeds.map(\.text).sorted().joined(separator: ",")
            case .onLoopbackWithoutKeys: listen.isLoopback ? "loopback" : ""
            }
        let parts = [
            readers, "\(uploadBytes)", "\(timing.heartbeat)", "\(timing.silence)", "\(timing.leaseLength)",
        ]
        return String(try Digest(of: Array(parts.joined(separator: " ").utf8)).hex.prefix(12))
    }
}

/// An address and port to listen on, such as `127.0.0.1:8080` or `[::1]:8080`.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A host name or an address, without brackets.
    public let host: String
    /// 0 for any that is free.
    public let port: Int

    /// Reads `HOST:PORT`.
    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(StoreError) {
        let colon = text.lastIndex(of: ":")
        let port = colon.flatMap { Int(text[text.index(after: $0)...]) }
        var host = colon.map { text[..<$0] } ?? ""
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            host = ""
        }
        guard let port, (0...65_535).contains(port), !host.isEmpty else {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" is not an address to listen on; write it as 127.0.0.1:8080 or [::1]:8080")
        }
        self.host = String(host)
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can connect to it.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

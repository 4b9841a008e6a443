internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

/// What can be said of a feed.
struct PolicyOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "A root of the feed's own: an empty or missing place, or a root of this feed.", valueName: "url"))
    var feedRoot: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long to keep content that no package names, e.g. 7d; the default is 24h.", valueName: "duration"),
        transform: { try Duration(writtenAs: $0) })
    var grace: Duration?

    @Option(
        help: ArgumentHelp("More digests to keep, from sha1, sha512 and md5; or none.", valueName: "list"),
        transform: Self.digests)
    var digests: [ExtraDigest]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Within how long server nodes read and hash all content, e.g. 7d, or never; the default is 30d.",
            valueName: "duration"),
        transform: Self.period)
    var verify: Duration?

    @Flag(
        inversion: .prefixedNo,
        help: "Let server nodes free garbage once in a grace period, as \"gc --delete\" does; off by default.")
    var collect: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Let anybody read the feed from server nodes, without an API key; off by default.")
    var anonymousRead: Bool?

    @Option(
        help: ArgumentHelp(
            "Paths of an immutable feed at which content may be replaced, e.g. '**/index.json', or none; repeatable.",
            valueName: "pattern"))
    var replaceable: [String] = []

    @OptionGroup var retention: RetentionOptions

    @Flag var mutability: Mutability?

    enum Mutability: String, EnumerableFlag, Sendable {
        case mutable, immutable

        static func help(for value: Mutability) -> ArgumentHelp? {
            switch value {
            case .mutable: "Let new content replace what is published at a path; \"restore\" brings the old back."
            case .immutable: "Refuse other content at a path where something is published; this is the default."
            }
        }
    }

    func validate() throws {
        _ = try feedRootURL
        _ = try patterns
    }

    var feedRootURL: RootURL? {
        get throws { try feedRoot.map(Read.root) }
    }

    var policy: FeedPolicy {
        get throws {
            try FeedPolicy(
                mutable: mutability.map { $0 == .mutable }, graceSeconds: grace?.components.seconds, digests: digests,
                verifySeconds: verify?.components.seconds, collects: collect,
                anonymousRead: anonymousRead, replaceable: patterns, retain: retention.rules)
        }
    }

    private var patterns: [PathPattern]? {
        get throws {
            if replaceable.isEmpty { return nil }
            return try replaceable.filter { $0 != "none" }.map { try PathPattern($0) }
        }
    }

    private static func period(_ text: String) throws -> Duration {
        text == "never" ? .zero : try Duration(writtenAs: text)
    }

    private static func digests(_ text: String) throws -> [ExtraDigest] {
        if text == "none" { return [] }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let digest = ExtraDigest(rawValue: String(name)) else {
                throw SyntaxError(
                    "\"\(name)\" is not a digest that can be kept; write a list of sha1, sha512 and md5, or none")
            }
            return digest
        }
    }
}

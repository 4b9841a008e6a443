internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

/// What can be said of a feed.
struct PolicyOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("The feed's own root: an empty or missing place, or a root of this feed.", valueName: "url"))
    var feedRoot: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long content that no package names is kept, e.g. 7d; 24h unless set.", valueName: "duration"),
        transform: { try Duration(writtenAs: $0) })
    var grace: Duration?

    @Option(
        help: ArgumentHelp("Keep these digests too, of sha1, sha512, md5; or none.", valueName: "list"),
        transform: Self.digests)
    var digests: [ExtraDigest]?

    @Flag var mutability: Mutability?

    enum Mutability: String, EnumerableFlag, Sendable {
        case mutable, immutable

        static func help(for value: Mutability) -> ArgumentHelp? {
            switch value {
            case .mutable: "Let other content replace what is published at a path; \"restore\" brings it back."
            case .immutable: "Refuse other content at a path where something is published: so it is unless set."
            }
        }
    }

    func validate() throws {
        _ = try feedRootURL
    }

    var feedRootURL: RootURL? {
        get throws { try feedRoot.map(Read.root) }
    }

    var policy: FeedPolicy {
        FeedPolicy(
            mutable: mutability.map { $0 == .mutable }, graceSeconds: grace?.components.seconds, digests: digests)
    }

    private static func digests(_ text: String) throws -> [ExtraDigest] {
        if text == "none" { return [] }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let digest = ExtraDigest(rawValue: String(name)) else {
                throw SyntaxError(
                    "\"\(name)\" is no digest that can be kept; write a list of sha1, sha512 and md5, or none")
            }
            return digest
        }
    }
}

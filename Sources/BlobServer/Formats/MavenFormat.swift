internal import BlobCluster
internal import BlobCrypto
internal import BlobStore
internal import HTTPTypes

/// A feed as a Maven repository: deploying and resolving with `http://node/feeds/{feed}/maven/` as its URL.
///
/// Artifacts are packages at their paths. What a client states about them is computed here instead of stored: the
/// metadata from the feed's listing, so that deployers at the same time lose no version, and the checksums from the
/// content. A checksum that a client sends is compared, and not stored.
/// - Source: Maven's repository layout, and its metadata model 1.1.
struct MavenFormat: PackageFormat {
    private static let metadataName = "maven-metadata.xml"
    private static let longestChecksum: Int64 = 1 << 10
    private static let longestMetadata: Int64 = 4 << 20

    let name = "maven"

    func serve(
        _ path: PackagePath, in feed: FeedName, by routes: Routes, _ exchange: inout Exchange
    ) async throws -> Bool {
        let (function, base) = try Self.checksum(path)
        let isMetadata = base.name == Self.metadataName
        if function == nil && !isMetadata { return false }
        switch exchange.method {
        case .get, .head:
            try await routes.admit(.read, to: feed, &exchange)
            let answer =
                isMetadata
                ? try await metadata(base, function, in: routes.feeds.feed(feed))
                : try await checksum(function, of: base, in: routes.feeds.feed(feed))
            try await exchange.answer(answer)
        case .put:
            try await routes.admit(.publish, to: feed, &exchange)
            try await exchange.invite()
            let body = try await exchange.body(upTo: isMetadata ? Self.longestMetadata : Self.longestChecksum)
            if let function, !isMetadata {
                try await compare(body, function, with: base, in: routes.feeds.feed(feed))
            }
            try await exchange.answer(Answer(.ok))
        default: throw Routes.notAllowed("GET, HEAD, PUT")
        }
        return true
    }

    /// The function whose name a path ends with, and the path that its checksum is of.
    private static func checksum(_ path: PackagePath) throws(StoreError) -> (HashFunction?, PackagePath) {
        for function in HashFunction.allCases {
            let ending = "." + function.rawValue
            if path.name.utf8.count > ending.utf8.count && path.name.hasSuffix(ending) {
                return (function, try PackagePath(String(path.text.dropLast(ending.count))))
            }
        }
        return (nil, path)
    }

    // MARK: Checksums

    private func checksum(
        _ function: HashFunction?, of path: PackagePath, in feed: FeedHandle
    ) async throws -> Answer {
        guard let package = try await feed.package(at: path), let function else {
            throw Problem(.notFound, "\"\(path)\" is not in the feed \"\(feed.name)\"")
        }
        return Answer(.ok, type: "text/plain", try await Self.checksum(function, of: package))
    }

    /// As the record has it, where the feed keeps such digests; else of the content, which is read for it.
    private static func checksum(_ function: HashFunction, of package: Package) async throws -> String {
        if function == .sha256 { return package.digest.hex }
        if let kept = package.record.digests?[function.rawValue] { return kept }
        return try await package.withContent { content in
            var hasher = BlobCrypto.Hasher(function)
            for try await chunk in content.chunks { hasher.update(chunk) }
            guard let hash = hasher.finish() else { throw Self.missing(function) }
            return Hex.text(hash)
        }
    }

    /// - Throws: 422 where the client states another checksum than the content has.
    private func compare(
        _ body: [UInt8], _ function: HashFunction, with path: PackagePath, in feed: FeedHandle
    ) async throws {
        guard let package = try await feed.package(at: path) else {
            throw Problem(.notFound, "\"\(path)\" is not in the feed \"\(feed.name)\"; publish it before its checksum")
        }
        // Some clients write the file's name behind it.
        let stated = String(decoding: body, as: UTF8.self).split { $0.isWhitespace }.first?.lowercased()
        let found = try await Self.checksum(function, of: package)
        if stated != found {
            throw Problem(
                .unprocessableContent,
                "\"\(path)\" has the \(function.rawValue) \(found), not the one that was sent; publish it again")
        }
    }

    private static func missing(_ function: HashFunction) -> StoreError {
        StoreError(.unsupported, "this machine cannot hash with \(function.rawValue)")
    }

    // MARK: Metadata

    /// - Cost: a read of each record below the artifact, or the version.
    private func metadata(
        _ path: PackagePath, _ function: HashFunction?, in feed: FeedHandle
    ) async throws -> Answer {
        let folder = Array(path.segments.dropLast())
        guard var metadata = MavenMetadata(folder: folder) else {
            throw Problem(.notFound, "\"\(path)\" is of no artifact")
        }
        let opened = try await feed.openedAfresh()
        let prefix = folder.joined(separator: "/") + "/"
        for try await page in opened.paths(PackageQuery(prefix: prefix)) {
            let wanted = page.filter { metadata.wants($0) }
            for case .package(let record) in await opened.read(wanted, includesDeleted: false) { metadata.add(record) }
        }
        guard let text = metadata.text else {
            throw Problem(.notFound, "there is no artifact at \"\(prefix)\" in the feed \"\(feed.name)\"")
        }
        guard let function else { return Answer(.ok, type: "application/xml", text) }
        guard let checksum = BlobCrypto.Hasher.hex(function, of: text.utf8) else { throw Self.missing(function) }
        return Answer(.ok, type: "text/plain", checksum)
    }
}

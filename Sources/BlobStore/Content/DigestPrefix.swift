/// The beginning of a digest, or a whole one: what content is looked for by.
public struct DigestPrefix: Hashable, Sendable, CustomStringConvertible {
    /// Fewer digits would fit too much.
    public static let minimumDigits = 8

    /// 8 to 64 lower-case hex digits.
    public let hex: String

    /// Reads 8 to 64 lower-case hex digits, with or without `sha256:` before them.
    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(StoreError) {
        let hex = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        let padding = String(repeating: "0", count: max(0, 64 - hex.utf8.count))
        guard hex.utf8.count >= Self.minimumDigits, Digest(hex: hex + padding) != nil else {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" is not a digest or the beginning of one; write 8 to 64 lower-case hex digits, with "
                    + "or without sha256: before them")
        }
        self.hex = String(hex)
    }

    public var description: String { "sha256:\(hex)" }

    /// Whether a digest begins so.
    public func matches(_ digest: Digest) -> Bool { digest.hex.utf8.starts(with: hex.utf8) }

    /// The digest, where all of it is given.
    package var digest: Digest? { Digest(hex: hex) }

    /// The first 8 digits as a number; see ``Digest/leadingBits``.
    var leadingBits: UInt32 { UInt32(hex.prefix(8), radix: 16) ?? 0 }
}

extension ContentStore {
    /// Sizes of the blobs in their places whose digests begin so.
    /// - Cost: one request for a whole digest; else a listing of one folder.
    /// - Throws: `invalidArgument` where more than so many do.
    func blobs(_ prefix: DigestPrefix, upTo limit: Int) async throws(StoreError) -> [Digest: Int64] {
        if let digest = prefix.digest {
            let info = try await stat(digest)
            return info.map { [digest: $0.size] } ?? [:]
        }
        let folder = KeyPrefix(trusted: "\(FeedLayout.blobs)\(prefix.hex.prefix(2))/")
        var found: [Digest: Int64] = [:]
        for try await page in storage.list(prefix.listing(folder, wantsDetails: true)) {
            for case .key(let key, let info?) in page {
                guard key.name.utf8.starts(with: prefix.hex.utf8) else { return found }
                if let digest = FeedLayout.digest(ofBlob: key) { found[digest] = info.size }
            }
            try prefix.expect(found.count, upTo: limit)
        }
        return found
    }

    /// How many copies of content whose digests begin so are in that folder (`retired/` or `quarantine/`).
    /// - Throws: `invalidArgument` where there are more than so many digests.
    func copiesAside(
        _ prefix: DigestPrefix, in folder: KeyPrefix, upTo limit: Int
    ) async throws(StoreError) -> [Digest: Int] {
        var found: [Digest: Int] = [:]
        for try await page in storage.list(prefix.listing(folder, wantsDetails: false)) {
            for case .key(let key, _) in page {
                guard key.name.utf8.starts(with: prefix.hex.utf8) else { return found }
                if let digest = FeedLayout.digest(ofSetAside: key), !key.isRecord { found[digest, default: 0] += 1 }
            }
            try prefix.expect(found.count, upTo: limit)
        }
        return found
    }
}

extension DigestPrefix {
    /// A listing of a folder that begins at the first name with these digits, of which each is longer.
    fileprivate func listing(_ folder: KeyPrefix, wantsDetails: Bool) -> ListRequest {
        ListRequest(folder, startAfter: Key(trusted: folder.text + hex), isFlat: true, wantsDetails: wantsDetails)
    }

    /// - Throws: `invalidArgument` where more digests begin so.
    func expect(_ count: Int, upTo limit: Int) throws(StoreError) {
        if count <= limit { return }
        throw StoreError(
            .invalidArgument, "more than \(limit) digests begin with \(self); write more of the digits")
    }
}

/// Something that a repair may mend.
struct Damage: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// A blob is not there.
        case missing(Digest)
        /// A blob's bytes are not what its name says.
        case corrupt(Digest)
        /// A blob cannot be read, for whatever reason.
        case unreadable(Digest)
        /// A package's record is garbled.
        case record(PackagePath)
    }

    let kind: Kind
    let key: Key
    let packages: [String]

    /// Nil for findings that no repair is for.
    init?(_ finding: Finding) {
        guard let key = try? Key(finding.key) else { return nil }
        self.key = key
        packages = finding.packages
        switch finding.kind {
        case .missingBlob:
            guard let digest = FeedLayout.digest(ofBlob: key) else { return nil }
            kind = .missing(digest)
        case .corruptBlob, .sizeMismatch:
            guard let digest = FeedLayout.digest(ofBlob: key) else { return nil }
            kind = .corrupt(digest)
        case .badRecord:
            guard let path = try? PackagePath(of: key) else { return nil }
            kind = .record(path)
        default: return nil
        }
    }

    /// A blob whose reading failed; nil for any other failure.
    /// - Parameter packages: those that name it.
    init?(unreadable error: StoreError, packages: [String]) {
        guard error.code == .failed || error.code == .unavailable, let text = error.key,
            let key = try? Key(text), let digest = FeedLayout.digest(ofBlob: key)
        else { return nil }
        kind = .unreadable(digest)
        self.key = key
        self.packages = packages
    }
}

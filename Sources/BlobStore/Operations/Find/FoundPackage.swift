/// A package whose record names content that was looked for.
public struct FoundPackage: Sendable, Equatable {
    /// How a record names content.
    public enum State: String, Sendable, CaseIterable {
        /// It is the content of the package.
        case current
        /// It is the content of a former revision that is kept.
        case former
        /// It is the content of a package that is deleted, and can be restored while the content is there.
        case deleted
    }

    /// The path of the package in its feed.
    public let path: PackagePath
    /// The content.
    public let digest: Digest
    /// In bytes, as the record states.
    public let size: Int64
    /// How the record names it.
    public let state: State
    /// Of a former state the latest revision with this content, which ``Feed/restore(_:revision:by:)`` takes.
    public let revision: String?
    /// Set while the package is deleted, of former states too.
    public let deleted: PackageRecord.Act?
}

/// What there is of content in a feed's root, whether or not a package names it. It was not read.
public struct FoundContent: Sendable, Equatable {
    /// The content.
    public let digest: Digest
    /// The bytes of the blob in its place; nil where there is none.
    public let size: Int64?
    /// Copies on their way out, which readers still find (on a filesystem).
    public let retired: Int
    /// Copies that were damaged, and are kept for a person.
    public let quarantined: Int
    /// Packages whose records name it, former revisions and deleted packages too.
    public let packages: Int64
}

extension PackageRecord {
    /// What this record names of what is looked for: each digest once, as what it is now rather than what it was.
    func found(_ isWanted: (Digest) -> Bool) -> [FoundPackage] {
        var found: [FoundPackage] = []
        if isWanted(digest) {
            found.append(
                FoundPackage(
                    path: path, digest: digest, size: size, state: deleted == nil ? .current : .deleted,
                    revision: nil, deleted: deleted))
        }
        for state in previous ?? [] where isWanted(state.digest) {
            if found.contains(where: { $0.digest == state.digest }) { continue }
            found.append(
                FoundPackage(
                    path: path, digest: state.digest, size: state.size, state: .former, revision: state.revision,
                    deleted: deleted))
        }
        return found
    }
}

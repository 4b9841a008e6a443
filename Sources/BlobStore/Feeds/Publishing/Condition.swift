/// What must be published at a path for a write to take place: HTTP's `If-None-Match: *` and `If-Match`.
///
/// It is held against the record that the write replaces, by compare-and-swap: of racing writers with the same
/// condition one wins. One that is not met is `preconditionFailed`, and nothing is changed.
/// - Source: RFC 9110, 13.1.
public enum Condition: Sendable, Equatable {
    /// Nothing, or a package that is deleted.
    case absent
    /// A package whose record has that revision: the very state that was read.
    case revision(String)
    /// A package with that content.
    case digest(Digest)
}

extension Condition {
    /// Whether a path without a record may meet it.
    var admitsAbsence: Bool { self == .absent }

    /// - Parameter stored: the record that is there; nil where none is.
    /// - Throws: `preconditionFailed`.
    func check(_ stored: Stored<PackageRecord>?, at path: PackagePath) throws(StoreError) {
        let present = stored.flatMap { $0.body.deleted == nil ? $0 : nil }
        switch self {
        case .absent: if present == nil { return }
        case .revision(let wanted): if present?.document.revision == wanted { return }
        case .digest(let wanted): if present?.body.digest == wanted { return }
        }
        let found =
            present.map { "has the digest \($0.body.digest) and the revision \($0.document.revision)" }
            ?? "is not published"
        throw StoreError(
            .preconditionFailed, "\"\(path)\" \(found), but was to \(demand); read it again before the next try")
    }

    private var demand: String {
        switch self {
        case .absent: "be absent"
        case .revision(let wanted): "have the revision \(wanted)"
        case .digest(let wanted): "have the digest \(wanted)"
        }
    }
}

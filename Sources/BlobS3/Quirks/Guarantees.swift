internal import BlobCrypto

/// What a server was found to promise where servers differ.
package struct Guarantees: Sendable, Equatable {
    /// How `If-Match` is to be written.
    package enum Replacement: String, Sendable {
        case quoted, unquoted
        /// It is ignored, or never holds.
        case none
    }

    /// In which order names are listed.
    package enum Order: String, Sendable {
        /// By their bytes, as S3 says.
        case names
        /// Folder by folder: all of `a/` before `a-b`, as a server on top of a filesystem does.
        case folders
    }

    /// `If-None-Match: *` has one winner.
    package var holdsCreation: Bool
    package var replacement: Replacement
    package var order: Order

    package init(holdsCreation: Bool, replacement: Replacement, order: Order = .names) {
        self.holdsCreation = holdsCreation
        self.replacement = replacement
        self.order = order
    }

    /// Whether any number of writers may share a root there.
    package var allowsSharing: Bool { holdsCreation && replacement != .none }

    /// The name of what is missing; nil when nothing is.
    package var missing: String? {
        switch (holdsCreation, replacement) {
        case (true, .none): "conditional replacement (If-Match)"
        case (false, .none): "conditional creation (If-None-Match) and replacement (If-Match)"
        case (false, _): "conditional creation (If-None-Match)"
        default: nil
        }
    }
}

// As they are kept: beside every record, so that whoever reads the root's marker knows them.
extension Guarantees {
    /// The name of the field that they are kept in.
    static let field = "x-amz-meta-blobstore-server"

    /// What is kept. It holds for this bucket at this endpoint alone: a copy of the root elsewhere is asked again.
    func text(for address: BucketAddress) -> String {
        "1 \(Self.fingerprint(of: address)) \(holdsCreation ? "creates" : "overwrites") "
            + "\(replacement.rawValue) \(order.rawValue)"
    }

    init?(text: String, for address: BucketAddress) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 5, words[0] == "1", words[1] == Self.fingerprint(of: address),
            let replacement = Replacement(rawValue: words[3]), let order = Order(rawValue: words[4])
        else { return nil }
        self.init(holdsCreation: words[2] == "creates", replacement: replacement, order: order)
    }

    private static func fingerprint(of address: BucketAddress) -> String {
        let hash = Hasher.hex(.sha256, of: "\(address.endpoint)\n\(address.bucket)".utf8) ?? "-"
        return String(hash.prefix(16))
    }
}

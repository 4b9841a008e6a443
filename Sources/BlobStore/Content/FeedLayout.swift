internal import BlobCrypto

/// Where everything stands inside a feed root.
///
///     <feed root>/
///       root.json                       who this root is
///       blobs/sha256/<2 hex>/<64 hex>   the content, byte for byte
///       packages/<escaped path>.json    package records
///       collection/<64 hex>.json        marker of a blob that was ever condemned (S3)
///       retired/<64 hex>.<uuid>         blobs on their way out, one grace period long (filesystem)
///       quarantine/<64 hex>.<uuid>      corrupt blobs, kept for a person, each with a .json
///       checks/ledger.json              what was verified when
///       checks/index.json               which pieces the index of records has (S3)
///       checks/index/<64 hex>           a piece: copies of records, in key order (S3)
///       staging/                        uploads in flight (filesystem)
package enum FeedLayout {
    package static let marker = Key(trusted: "root.json")
    package static let blobs = KeyPrefix(trusted: "blobs/sha256/")
    package static let packages = KeyPrefix(trusted: "packages/")
    package static let retired = KeyPrefix(trusted: "retired/")
    package static let quarantine = KeyPrefix(trusted: "quarantine/")
    package static let collection = KeyPrefix(trusted: "collection/")
    package static let checks = KeyPrefix(trusted: "checks/")
    package static let index = Key(trusted: "checks/index.json")
    package static let indexPieces = KeyPrefix(trusted: "checks/index/")

    /// Where the content of that digest stands.
    package static func blob(_ digest: Digest) -> Key {
        Key(trusted: "blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)")
    }

    /// A listing of the blobs whose digests begin with one of these bytes, and of what comes after; nil for all.
    static func listing(of part: ClosedRange<UInt8>?, passesUnreadable: Bool = true) -> ListRequest {
        var request = ListRequest(blobs, wantsDetails: true, passesUnreadable: passesUnreadable)
        if let first = part?.lowerBound, first > 0 {
            // After every digest in the folder before, and before any other folder.
            request.startAfter = Key(trusted: "\(blobs)\(Hex.text([first - 1]))/g")
        }
        return request
    }

    /// The digest that a blob's key names; nil when the key is no blob's.
    package static func digest(ofBlob key: Key) -> Digest? {
        guard let digest = Digest(hex: key.name), blob(digest) == key else { return nil }
        return digest
    }

    /// The marker of a blob that was ever condemned.
    package static func marker(of digest: Digest) -> Key { Key(trusted: "collection/\(digest.hex).json") }

    /// The digest that a marker is about; nil when the key is no marker's.
    package static func digest(ofMarker key: Key) -> Digest? {
        guard let digest = Digest(hex: String(key.name.prefix(64))), marker(of: digest) == key else { return nil }
        return digest
    }

    /// Where a piece of the index of records stands, by the digest of its bytes.
    static func indexPiece(_ digest: Digest) -> Key { Key(trusted: "\(indexPieces)\(digest.hex)") }

    /// A fresh name for a corrupt blob.
    package static func quarantined(_ digest: Digest) -> Key {
        Key(trusted: "quarantine/\(digest.hex).\(uniqueName())")
    }

    /// The note that says why a blob is in quarantine.
    package static func note(of quarantined: Key) -> Key { Key(trusted: "\(quarantined.text).json") }

    /// A fresh name for a blob on its way out.
    package static func retired(_ digest: Digest) -> Key {
        Key(trusted: "retired/\(digest.hex).\(uniqueName())")
    }

    /// The digest that a retired or quarantined object was stored under; nil when the name is of another form.
    package static func digest(ofSetAside key: Key) -> Digest? {
        Digest(hex: key.name.prefix(while: { $0 != "." }))
    }
}

internal import BlobCrypto

/// A key as its owner holds it: `bs_<id>_<secret>`, 16 and 64 lower-case hex digits.
struct KeyToken: Sendable {
    private static let prefix = "bs"
    private static let idBytes = 8
    private static let secretBytes = 32

    let id: String
    private let secret: [UInt8]

    /// A new key.
    init() {
        id = Hex.text(randomBytes(Self.idBytes))
        secret = randomBytes(Self.secretBytes)
    }

    /// Reads a key; nil for any other text.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.prefix, Self.isID(parts[1]),
            let secret = Hex.bytes(parts[2].utf8), secret.count == Self.secretBytes
        else { return nil }
        id = String(parts[1])
        self.secret = secret
    }

    static func isID(_ text: some StringProtocol) -> Bool { Hex.bytes(text.utf8)?.count == idBytes }

    static func key(_ id: String) -> Key { Key(trusted: "\(KeyRecord.folder)\(id).json") }

    var text: String { "\(Self.prefix)_\(id)_\(Hex.text(secret))" }

    /// The SHA-256 of the secret; nil where this machine's policy forbids it.
    var hash: [UInt8]? {
        var hasher = Hasher(.sha256)
        hasher.update(secret)
        return hasher.finish()
    }

    /// Whether a record is this key's, in constant time.
    func matches(_ record: KeyRecord) -> Bool {
        guard let hash, let stored = Hex.bytes(record.sha256.utf8) else { return false }
        return isSame(hash, stored)
    }
}

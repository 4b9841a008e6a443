/// A keyed hash with SHA-256.
/// - Source: RFC 2104, FIPS 180-4.
public enum HMAC {
    private static let blockSizeBytes = 64

    /// The code of `message` under `key`; nil when libcrypto refused.
    public static func sha256(_ message: some Sequence<UInt8>, key: [UInt8]) -> [UInt8]? {
        var block = key
        if block.count > blockSizeBytes {
            guard let short = hash(key, []) else { return nil }
            block = short
        }
        block += [UInt8](repeating: 0, count: blockSizeBytes - block.count)
        guard let inner = hash(block.map { $0 ^ 0x36 }, message) else { return nil }
        return hash(block.map { $0 ^ 0x5C }, inner)
    }

    private static func hash(_ first: [UInt8], _ second: some Sequence<UInt8>) -> [UInt8]? {
        var hasher = Hasher(.sha256)
        hasher.update(first)
        hasher.update(second)
        return hasher.finish()
    }
}

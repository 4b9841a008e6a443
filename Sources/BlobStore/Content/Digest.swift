internal import BlobCrypto

/// The name of content: SHA-256, written `sha256:` and 64 lower-case hex digits.
///
/// - Source: FIPS 180-4.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lower-case hex digits.
    public let hex: String

    /// Reads `sha256:` and 64 lower-case hex digits.
    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(StoreError) {
        guard text.hasPrefix("sha256:"), let digest = Digest(hex: text.dropFirst(7)) else {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" is not a digest; write sha256: and 64 lower-case hex digits")
        }
        self = digest
    }

    /// 64 lower-case hex digits; nil for anything else.
    package init?(hex: some StringProtocol) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(Self.isLowerHex) else { return nil }
        self.hex = String(hex)
    }

    /// The digest of bytes in memory.
    /// - Throws: `failed` when libcrypto refuses.
    public init(of bytes: [UInt8]) throws(StoreError) {
        var hasher = try ContentHasher()
        hasher.update(bytes)
        self = try hasher.finish().digest
    }

    public var description: String { "sha256:\(hex)" }

    /// The first 8 hex digits as a number, by which a share of all digests is chosen.
    package var leadingBits: UInt32 { UInt32(hex.prefix(8), radix: 16) ?? 0 }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension Digest: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do { self = try Digest(text) } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.message))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Digest: Comparable {
    public static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}

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
        guard hex.utf8.count == 64, Hex.isLowerCase(hex.utf8) else { return nil }
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

    /// The first 16 bytes as two numbers, which stand for a digest where very many are kept in memory.
    var halves: (first: UInt64, second: UInt64) {
        (UInt64(hex.prefix(16), radix: 16) ?? 0, UInt64(hex.dropFirst(16).prefix(16), radix: 16) ?? 0)
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

/// Further digests that a feed may ask for, because its clients verify with them.
public enum ExtraDigest: String, Sendable, Codable, CaseIterable {
    case sha1, sha512, md5
}

/// Hashes content in one pass: SHA-256 always, the others where they are asked for.
///
/// - Cost: on one core about 0.6 s a GiB for SHA-256 alone, 4 s for all four.
package struct ContentHasher: ~Copyable, Sendable {
    private var main = Hasher(.sha256)
    private var sha1: Hasher?
    private var sha512: Hasher?
    private var md5: Hasher?
    private var size: Int64 = 0

    /// What came through the hasher.
    package struct Summary: Sendable, Equatable {
        package let digest: Digest
        package let size: Int64
        /// Lower-case hex by function.
        package let extras: [ExtraDigest: String]
    }

    package init(_ extras: Set<ExtraDigest> = []) throws(StoreError) {
        sha1 = extras.contains(.sha1) ? Hasher(.sha1) : nil
        sha512 = extras.contains(.sha512) ? Hasher(.sha512) : nil
        md5 = extras.contains(.md5) ? Hasher(.md5) : nil
    }

    package mutating func update(_ bytes: [UInt8]) {
        main.update(bytes)
        sha1?.update(bytes)
        sha512?.update(bytes)
        md5?.update(bytes)
        size += Int64(bytes.count)
    }

    /// - Throws: `failed` when libcrypto refuses a function.
    package consuming func finish() throws(StoreError) -> Summary {
        let size = size
        var extras: [ExtraDigest: String] = [:]
        if let sha1 = sha1.take() { extras[.sha1] = try Self.hex(sha1, "SHA-1") }
        if let sha512 = sha512.take() { extras[.sha512] = try Self.hex(sha512, "SHA-512") }
        if let md5 = md5.take() { extras[.md5] = try Self.hex(md5, "MD5") }
        guard let digest = Digest(hex: try Self.hex(main, "SHA-256")) else {
            throw StoreError(.failed, "libcrypto returned a SHA-256 of another length")
        }
        return Summary(digest: digest, size: size, extras: extras)
    }

    /// Hashes chunks to their end.
    static func summary(
        of chunks: AsyncPull<[UInt8]>, _ extras: Set<ExtraDigest> = []
    ) async throws(StoreError) -> Summary {
        var hasher = try ContentHasher(extras)
        for try await chunk in chunks { hasher.update(chunk) }
        return try hasher.finish()
    }

    /// Hashes bytes in memory.
    static func summary(of bytes: [UInt8], _ extras: Set<ExtraDigest> = []) throws(StoreError) -> Summary {
        var hasher = try ContentHasher(extras)
        hasher.update(bytes)
        return try hasher.finish()
    }

    private static func hex(_ hasher: consuming Hasher, _ name: String) throws(StoreError) -> String {
        guard let hash = hasher.finish() else {
            throw StoreError(.failed, "libcrypto on this machine refuses \(name)")
        }
        return Hex.text(hash)
    }
}

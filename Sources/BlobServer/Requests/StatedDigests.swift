internal import BlobCrypto
internal import BlobStore
internal import FoundationEssentials
internal import HTTPTypes

/// The digests that a client states of what it sends.
/// - Source: RFC 9530; RFC 1864 for Content-MD5.
struct StatedDigests: Sendable, Equatable {
    /// In lower-case hex, by function.
    private(set) var expected: [HashFunction: String] = [:]

    /// - Throws: 400 for a digest that is none; 422 for two that differ.
    init(_ fields: HTTPFields) throws(Problem) {
        for name in [HTTPField.Name.contentDigest, .reprDigest] {
            for value in fields[values: name] { try add(dictionary: value) }
        }
        if let text = fields[.contentMD5] { try add(.md5, Self.bytes(text)) }
        if let text = fields[.checksumSHA256] { try add(.sha256, Hex.bytes(text.utf8, takesCapitals: true)) }
    }

    /// The SHA-256, by which content is named here.
    var sha256: Digest? { expected[.sha256].flatMap { try? Digest("sha256:\($0)") } }

    /// What must be computed beside the SHA-256.
    var others: [HashFunction: String] { expected.filter { $0.key != .sha256 } }

    /// Takes what is known from `sha-256=:BASE64:, sha-512=:BASE64:`; other functions are left out, as the RFC has it.
    private mutating func add(dictionary: String) throws(Problem) {
        for member in dictionary.split(separator: ",") {
            let parts = member.filter { $0 != " " && $0 != "\t" }.split(separator: "=", maxSplits: 1)
            guard let name = parts.first, let function = Self.functions[name.lowercased()] else { continue }
            let value = parts.count == 2 ? parts[1].split(separator: ";").first ?? "" : ""
            guard value.count > 2, value.hasPrefix(":"), value.hasSuffix(":") else {
                throw Problem(.badRequest, "a digest is written as sha-256=:BASE64:")
            }
            try add(function, Self.bytes(String(value.dropFirst().dropLast())))
        }
    }

    private mutating func add(_ function: HashFunction, _ bytes: [UInt8]?) throws(Problem) {
        guard let bytes, bytes.count == Self.sizes[function] else {
            throw Problem(.badRequest, "a stated digest does not have the form or length of its function")
        }
        let text = Hex.text(bytes)
        if let other = expected[function], other != text {
            throw Problem(.unprocessableContent, "two different digests are stated")
        }
        expected[function] = text
    }

    private static let functions: [String: HashFunction] = ["sha-256": .sha256, "sha-512": .sha512]
    private static let sizes: [HashFunction: Int] = [.sha256: 32, .sha512: 64, .md5: 16]

    private static func bytes(_ base64: String) -> [UInt8]? { Data(base64Encoded: base64).map { Array($0) } }
}

extension Digest {
    /// As `Repr-Digest` has it.
    var field: String { "sha-256=:\(Data(Hex.bytes(hex.utf8) ?? []).base64EncodedString()):" }
}

extension HTTPField.Name {
    // Each is a token, so that none is ever replaced.
    private static func token(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .eTag }

    static let contentDigest = token("Content-Digest")
    static let reprDigest = token("Repr-Digest")
    static let contentMD5 = token("Content-MD5")
    static let checksumSHA256 = token("X-Checksum-Sha256")
    static let requestID = token("X-Request-Id")
    static let apiKey = token("X-Api-Key")
    static let nugetKey = token("X-NuGet-ApiKey")
}

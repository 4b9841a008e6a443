internal import BlobCrypto
package import BlobHTTP
internal import FoundationEssentials
package import ObjectStorage

/// One operation of S3's: a request before it is signed.
package struct S3Call: Sendable {
    /// When it may be sent again.
    package enum Repetition: Sendable {
        /// Sending it twice comes to the same.
        case harmless
        /// Only where it is certain that the server did nothing: what else becomes of it is settled by looking.
        case onlyIfUnsent
        /// Never; and it goes on when its task is cancelled. For cleaning up.
        case never
    }

    package var method: String
    /// The object's whole name in the bucket; nil for the bucket itself.
    package var name: String?
    package var query: [(name: String, value: String)] = []
    package var headers: HTTPHeaders = [:]
    package var body = HTTPRequest.Body.none
    /// Of the body, in hex.
    package var payloadHash = Signature.emptyHash
    /// Answers other than success that are returned rather than thrown.
    package var accepted: Set<Int> = []
    package var repetition = Repetition.harmless
    /// Whether the server works for long before its answer begins.
    package var answersLate = false

    package init(_ method: String, _ name: String?, query: [(name: String, value: String)] = []) {
        self.method = method
        self.name = name
        self.query = query
    }

    /// Sends bytes, signed with their own digest.
    package mutating func set(body bytes: [UInt8], contentType: String) throws(StoreError) {
        guard let hash = Hasher.hex(.sha256, of: bytes) else {
            throw StoreError.withoutSHA256
        }
        body = .bytes(bytes)
        payloadHash = hash
        headers["Content-Type"] = contentType
    }
}

// What servers compare a body with.
extension S3Call {
    /// Adds the MD5 of the body, which a bucket with object lock asks for where there is no checksum, and some servers
    /// with every list of names to delete.
    package mutating func setMD5() throws(StoreError) {
        guard case .bytes(let bytes) = body else { return }
        var hasher = Hasher(.md5)
        hasher.update(bytes)
        guard let digest = hasher.finish() else {
            throw StoreError(.failed, "libcrypto refuses MD5; does this machine's policy forbid it?")
        }
        headers["Content-MD5"] = Data(digest).base64EncodedString()
    }

    /// Adds the SHA-256 of the body, as a checksum.
    /// - Returns: the digest in base64.
    @discardableResult
    package mutating func setChecksum() -> String {
        let text = Data(Hex.bytes(payloadHash.utf8) ?? []).base64EncodedString()
        headers["x-amz-checksum-sha256"] = text
        return text
    }
}

extension S3Call {
    /// What it is called in the log.
    var title: String { name.map { "\(method) \($0)" } ?? method }

    func accepts(_ status: Int) -> Bool { (200..<300).contains(status) || accepted.contains(status) }
}

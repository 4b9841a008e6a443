internal import BlobCrypto
package import BlobHTTP

/// Signature version 4, as pure functions of what is signed, with what, and when.
/// - Source: AWS, "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference.
package struct Signature: Sendable {
    /// What is signed of a request.
    package struct Subject: Sendable {
        package var method: String
        /// As it goes over the wire, percent-encoded.
        package var path: String
        /// Not encoded, in any order.
        package var query: [(name: String, value: String)]
        /// With `Host`; all of them are signed.
        package var headers: HTTPHeaders
        /// Of the body, in hex; or `UNSIGNED-PAYLOAD`.
        package var payloadHash: String

        package init(
            _ method: String, path: String, query: [(name: String, value: String)] = [], headers: HTTPHeaders,
            payloadHash: String = Signature.emptyHash
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.payloadHash = payloadHash
        }
    }

    package static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    private let key: AccessKey
    private let region: String
    private let service: String
    private let time: UTCTime

    package init(_ key: AccessKey, region: String, service: String = "s3", at time: UTCTime) {
        self.key = key
        self.region = region
        self.service = service
        self.time = time
    }

    /// The value of the `Authorization` field; nil where libcrypto refused to hash.
    package func authorization(of subject: Subject) -> String? {
        guard let signature = signature(of: subject, query: Self.canonical(subject.query)) else { return nil }
        return "\(Self.algorithm) Credential=\(key.id)/\(scope), "
            + "SignedHeaders=\(Self.signedNames(subject.headers)), Signature=\(signature)"
    }

    /// The query, encoded, of a URL that anybody may use for a while; nil where libcrypto refused to hash.
    package func presignedQuery(of subject: Subject, expiresAfterSeconds: Int) -> String? {
        var items =
            subject.query + [
                ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(key.id)/\(scope)"),
                ("X-Amz-Date", time.compact), ("X-Amz-Expires", String(expiresAfterSeconds)),
                ("X-Amz-SignedHeaders", Self.signedNames(subject.headers)),
            ]
        if let token = key.sessionToken { items.append(("X-Amz-Security-Token", token)) }
        let query = Self.canonical(items)
        guard let signature = signature(of: subject, query: query) else { return nil }
        return "\(query)&X-Amz-Signature=\(signature)"
    }

    private var scope: String { "\(time.compactDate)/\(region)/\(service)/aws4_request" }

    private func signature(of subject: Subject, query: String) -> String? {
        let request = [
            subject.method, subject.path.isEmpty ? "/" : subject.path, query, Self.canonical(subject.headers),
            Self.signedNames(subject.headers), subject.payloadHash,
        ].joined(separator: "\n")
        guard let hash = Hasher.hex(.sha256, of: request.utf8) else { return nil }
        let text = "\(Self.algorithm)\n\(time.compact)\n\(scope)\n\(hash)"
        var secret: [UInt8]? = Array("AWS4\(key.secret)".utf8)
        for part in [time.compactDate, region, service, "aws4_request", text] {
            secret = secret.flatMap { HMAC.sha256(part.utf8, key: $0) }
        }
        return secret.map(Hex.text)
    }
}

// MARK: - Canonical forms

extension Signature {
    /// The query as it is signed, and as it is sent.
    package static func canonical(_ query: [(name: String, value: String)]) -> String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            .map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }

    private static func canonical(_ headers: HTTPHeaders) -> String {
        names(headers).map { name in
            let values = headers.fields.filter { $0.name.isSameIgnoringCase(as: name) }.map { field in
                field.value.split(separator: " ").joined(separator: " ")
            }
            return "\(name):\(values.joined(separator: ","))\n"
        }.joined()
    }

    private static func signedNames(_ headers: HTTPHeaders) -> String { names(headers).joined(separator: ";") }

    private static func names(_ headers: HTTPHeaders) -> [String] {
        Set(headers.fields.map { $0.name.lowercased() }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// What requests are signed with. It has no description that would show the secret.
package struct AccessKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The name of the key; no secret.
    package let id: String
    package let secret: String
    /// Of temporary credentials.
    package let sessionToken: String?

    package init(id: String, secret: String, sessionToken: String? = nil) {
        self.id = id
        self.secret = secret
        self.sessionToken = sessionToken
    }

    package var description: String { "access key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

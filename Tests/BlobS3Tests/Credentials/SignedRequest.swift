import BlobCrypto
import BlobHTTP
import BlobS3

extension Endpoint.Request {
    var method: Substring { line.prefix { $0 != " " } }

    /// Nothing in it is encoded, in what these tests send.
    var query: [(name: String, value: String)] {
        let target = line.split(separator: " ")[1].split(separator: "?", maxSplits: 1)
        guard target.count == 2 else { return [] }
        return target[1].split(separator: "&").map { item in
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(pair[0]), pair.count == 2 ? String(pair[1]) : "")
        }
    }

    /// Whether the signature is the one that this key makes, and its token stands beside it.
    func isSigned(with key: AccessKey, for service: String) -> Bool {
        guard let authorization = header("Authorization"), let time,
            let names = authorization.firstRange(of: "SignedHeaders="),
            header("x-amz-security-token") == key.sessionToken
        else { return false }
        var headers: HTTPHeaders = [:]
        for name in authorization[names.upperBound...].prefix(while: { $0 != "," }).split(separator: ";") {
            headers[String(name)] = header(String(name))
        }
        let path = String(line.split(separator: " ")[1].prefix { $0 != "?" })
        let hash = header("x-amz-content-sha256") ?? Hasher.hex(.sha256, of: body.utf8)
        let subject = Signature.Subject(
            String(method), path: path, query: query, headers: headers, payloadHash: hash ?? "")
        let signature = Signature(key, region: "us-east-1", service: service, at: time)
        return signature.authorization(of: subject) == authorization
    }

    /// When it was signed.
    private var time: UTCTime? {
        guard let text = header("x-amz-date"), text.utf8.count == 16 else { return nil }
        let digits = Array(text)
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return UTCTime(
            iso8601: "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }
}

internal import FoundationEssentials
internal import ObjectStorage

/// Credentials as a program, a container's endpoint or the instance metadata service writes them: JSON.
struct CredentialDocument: Decodable {
    var version: Int?
    /// The instance metadata service's own outcome.
    var code: String?
    var accessKeyID: String?
    var secretAccessKey: String?
    var sessionToken: String?
    var token: String?
    var expiration: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version", code = "Code", accessKeyID = "AccessKeyId", secretAccessKey = "SecretAccessKey"
        case sessionToken = "SessionToken", token = "Token", expiration = "Expiration"
    }

    /// - Throws: `failed`, with nothing of the content.
    init(_ bytes: [UInt8], from origin: String) throws(StoreError) {
        do { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
            throw StoreError(.failed, "\(origin) gave something that is not JSON with credentials")
        }
    }

    /// - Parameter mustEnd: whether they are temporary by nature, so that an end must be told.
    /// - Throws: `failed`, with nothing of the content.
    func credentials(mustEnd: Bool, from origin: String) throws(StoreError) -> Credentials {
        guard let accessKeyID, let secretAccessKey else {
            throw StoreError(.failed, "\(origin) gave JSON without AccessKeyId and SecretAccessKey")
        }
        guard expiration != nil || !mustEnd else {
            throw StoreError(.failed, "\(origin) gave credentials without their Expiration")
        }
        let end = expiration.flatMap(Timestamp.init(lenient:))
        guard end != nil || expiration == nil else {
            throw StoreError(
                .failed,
                "\(origin) gave an Expiration that is not a time; it is written like "
                    + "2026-01-31T08:05:00Z")
        }
        return try Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken ?? token,
            expiration: end, from: origin)
    }
}

extension Timestamp {
    /// Also takes fractions of a second, which are dropped, and offsets of hours and minutes.
    init?(lenient text: String) {
        var text = text
        if let dot = text.firstIndex(of: ".") {
            let rest = text[text.index(after: dot)...].drop(while: \.isNumber)
            text = String(text[..<dot] + rest)
        }
        guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }), sign > text.startIndex,
            text[sign...].utf8.count == 6
        else {
            self.init(text)
            return
        }
        let parts = text[sign...].dropFirst().split(separator: ":").compactMap { Int64($0) }
        guard parts.count == 2, let local = Timestamp(text[..<sign] + "Z") else { return nil }
        let offset = (parts[0] * 60 + parts[1]) * 60
        self.init(seconds: text[sign] == "+" ? local.seconds - offset : local.seconds + offset)
    }
}

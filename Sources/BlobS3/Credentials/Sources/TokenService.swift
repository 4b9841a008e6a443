internal import BlobCrypto
internal import BlobHTTP
internal import FoundationEssentials
internal import ObjectStorage

/// The token service (STS), which gives out the temporary credentials of roles.
/// - Source: AWS Security Token Service API Reference.
struct TokenService: Sendable {
    private let lookup: Lookup
    /// Without a slash at its end.
    private let endpoint: String
    /// What requests are signed for.
    private let region: String

    /// - Parameter files: the profile that says which service and region to ask; nil for the environment alone.
    init(_ lookup: Lookup, files: SharedFiles?) throws(StoreError) {
        let named = try ConnectionSettings.namedRegion(nil, environment: lookup.environment, files: files)
        let given = try ConnectionSettings.endpoint(of: "sts", lookup.environment, files)
        self.lookup = lookup
        let variant = ConnectionSettings.variant(lookup.environment, files)
        let isUsual = named == nil && variant == EndpointVariant()
        endpoint =
            given
            ?? (isUsual
                ? "https://sts.amazonaws.com"
                : AWSPartition.issuer("sts", region: named ?? "us-east-1", variant: variant))
        region = named ?? "us-east-1"
    }

    /// What is asked for.
    struct Wish: Sendable {
        let role: String
        /// Names the session in logs; nil for one made up.
        var session: String?
        /// What else goes into the form.
        var more: [(String, String)] = []
        /// Who asks, and what to check if that is refused.
        let holder: String
        let advice: String
    }

    /// Takes a role.
    /// - Parameter key: what to sign with; nil where the wish carries its own proof.
    /// - Throws: `permissionDenied` with the service's code; `failed` for what is no answer; `unavailable`.
    func credentials<Action: TokenServiceAction>(
        _ action: Action.Type, _ wish: Wish, signedWith key: AccessKey? = nil
    ) async throws(StoreError) -> Credentials {
        let session = wish.session ?? "blobstore-\(UUID().uuidString.prefix(8))"
        let form =
            [
                ("Action", action.name), ("Version", "2011-06-15"), ("RoleArn", wish.role),
                ("RoleSessionName", session),
            ] + wish.more
        let body = Array(form.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&").utf8)
        var headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/xml"]
        if let key { try sign(&headers, body: body, with: key) }
        let call = EndpointCall(
            lookup, name: "the token service", connectLimit: .seconds(5), totalLimit: .seconds(15))
        let request = HTTPRequest("POST", endpoint + "/", headers: headers, body: .bytes(body))
        let response = try await call.answer(to: request)
        guard response.status == 200 else { throw refusal(response, wish) }
        return try TokenServiceAnswer<Action>.parse(response.body).credentials(from: call.name)
    }

    private func sign(_ headers: inout HTTPHeaders, body: [UInt8], with key: AccessKey) throws(StoreError) {
        let time = UTCTime(seconds: lookup.now().seconds)
        headers["x-amz-date"] = time.compact
        headers["x-amz-security-token"] = key.sessionToken
        headers["Host"] = BucketAddress.host(of: endpoint)
        guard let hash = Hasher.hex(.sha256, of: body),
            let authorization = Signature(key, region: region, service: "sts", at: time)
                .authorization(of: .init("POST", path: "/", headers: headers, payloadHash: hash))
        else { throw StoreError.withoutSHA256 }
        headers["Authorization"] = authorization
    }

    private func refusal(_ response: HTTPResponse, _ wish: Wish) -> StoreError {
        let code = (try? TokenServiceRefusal.parse(response.body)).map(\.code).flatMap { $0.isEmpty ? nil : $0 }
        let answer = "HTTP status \(response.status)" + (code.map { ", \($0)" } ?? "")
        return StoreError(
            .permissionDenied,
            "the token service does not give the role \(wish.role) to \(wish.holder) (\(answer)); \(wish.advice)",
            cause: .http(status: response.status, code: code, requestID: nil))
    }
}

/// What the token service can be asked for.
protocol TokenServiceAction {
    static var name: String { get }
}

/// A role for who is known already.
enum AssumeRole: TokenServiceAction { static let name = "AssumeRole" }

/// A role for the holder of a token.
enum AssumeRoleWithWebIdentity: TokenServiceAction { static let name = "AssumeRoleWithWebIdentity" }

/// What the token service says when it gives credentials.
struct TokenServiceAnswer<Action: TokenServiceAction>: XMLAnswer {
    static var root: String { Action.name + "Response" }

    private var values: [String: String] = [:]

    init() {}

    mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == "Credentials" { values[name] = text }
    }

    var gap: String? {
        ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"].first { values[$0] == nil }
            .map { "it has no \($0)" }
    }

    /// - Throws: `failed`, with nothing of the content.
    func credentials(from origin: String) throws(StoreError) -> Credentials {
        guard let end = values["Expiration"].flatMap(Timestamp.init(lenient:)) else {
            throw StoreError(.failed, "\(origin) gave an Expiration that is not a time")
        }
        return try Credentials(
            accessKeyID: values["AccessKeyId"] ?? "", secretAccessKey: values["SecretAccessKey"] ?? "",
            sessionToken: values["SessionToken"], expiration: end, from: origin)
    }
}

/// What the token service says when it refuses.
struct TokenServiceRefusal: XMLAnswer {
    static let root = "ErrorResponse"

    /// e.g. `ExpiredTokenException`; empty for none.
    private(set) var code = ""

    init() {}

    mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == "Error", name == "Code" { code = String(text.filter { $0.isLetter || $0.isNumber }.prefix(60)) }
    }
}

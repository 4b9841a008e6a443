internal import BlobCrypto
internal import BlobHTTP
internal import FoundationEssentials
internal import ObjectStorage

/// The role of a person who signed on with `aws sso login`: the token that this left is read anew each time, and
/// exchanged for credentials.
/// - Source: GetRoleCredentials, IAM Identity Center Portal API Reference; "IAM Identity Center credential provider",
///   AWS SDKs and Tools Reference Guide.
struct SingleSignOn: Sendable {
    /// What a profile says of it.
    private struct Terms {
        /// Of the section `sso-session`; nil where the profile says all by itself.
        var session: String?
        let startURL: String
        let region: String
        let account: String
        let role: String
    }

    private let terms: Terms
    private let lookup: Lookup
    private let endpoint: String
    /// The profile, for people.
    private let origin: String
    private let profile: String

    /// - Returns: nil where the profile says nothing of single sign-on.
    /// - Throws: `invalidArgument` where it says too little.
    init?(_ files: SharedFiles, _ lookup: Lookup, origin: String) throws(StoreError) {
        let session = files.value("sso_session")
        guard session != nil || files.value("sso_start_url") != nil else { return nil }
        if let session, files.config.sections["sso-session \(session)"] == nil {
            throw StoreError(
                .invalidArgument,
                "\(origin) names the sso_session \"\(session)\", and \(files.config.path) has no section "
                    + "[sso-session \(session)]; run aws configure sso")
        }
        func value(_ name: String) throws(StoreError) -> String {
            let shared = session.flatMap { files.config.sections["sso-session \($0)"]?[name]?.value }
            guard let value = shared ?? files.value(name), !value.isEmpty else {
                throw StoreError(
                    .invalidArgument, "\(origin) uses single sign-on but does not set \(name); run aws configure sso")
            }
            return value
        }
        terms = Terms(
            session: session, startURL: try value("sso_start_url"), region: try value("sso_region"),
            account: try value("sso_account_id"), role: try value("sso_role_name"))
        _ = try ConnectionSettings.namedRegion(terms.region, environment: [:], files: nil)
        let given = try ConnectionSettings.endpoint(of: "sso", lookup.environment, files)
        let variant = ConnectionSettings.variant(lookup.environment, files)
        endpoint = given ?? AWSPartition.issuer("portal.sso", region: terms.region, variant: variant)
        self.lookup = lookup
        self.origin = origin
        profile = files.profile
    }

    func credentials() async throws(StoreError) -> Credentials {
        let path = try SignOnToken.path(terms.session ?? terms.startURL, lookup.environment)
        let advice = "run aws sso login --profile \(profile)"
        let token = try await SignOnToken(at: path, advice: advice)
        guard token.expiration.seconds > lookup.now().seconds else {
            throw StoreError(.permissionDenied, "the single sign-on of \(origin) has expired; \(advice)")
        }
        let query = Signature.canonical([("role_name", terms.role), ("account_id", terms.account)])
        let request = HTTPRequest(
            "GET", "\(endpoint)/federation/credentials?\(query)",
            headers: ["x-amz-sso_bearer_token": token.text, "Accept": "application/json"])
        let call = EndpointCall(
            lookup, name: "the portal for single sign-on", connectLimit: .seconds(5), totalLimit: .seconds(15))
        let response = try await call.answer(to: request)
        switch response.status {
        case 200: return try Answer.read(response.body, from: call.name)
        case 401:
            throw StoreError(
                .permissionDenied, "the single sign-on of \(origin) is no longer valid; \(advice)",
                cause: .http(status: 401, code: nil, requestID: nil))
        default:
            throw StoreError(
                .permissionDenied,
                "\(call.name) does not give the role \(terms.role) of the account \(terms.account) to \(origin) (HTTP "
                    + "status \(response.status)); check that it is assigned to the person who signed on",
                cause: .http(status: response.status, code: nil, requestID: nil))
        }
    }
}

/// What the portal gives.
private struct Answer: Decodable {
    struct RoleCredentials: Decodable {
        let accessKeyId: String
        let secretAccessKey: String
        let sessionToken: String
        /// In milliseconds since 1970.
        let expiration: Int64
    }

    let roleCredentials: RoleCredentials

    /// - Throws: `failed`, with nothing of the content.
    static func read(_ bytes: [UInt8], from origin: String) throws(StoreError) -> Credentials {
        guard let found = try? JSONDecoder().decode(Answer.self, from: Data(bytes)).roleCredentials else {
            throw StoreError(.failed, "\(origin) gave something that is not JSON with credentials")
        }
        return try Credentials(
            accessKeyID: found.accessKeyId, secretAccessKey: found.secretAccessKey, sessionToken: found.sessionToken,
            expiration: Timestamp(seconds: found.expiration / 1_000), from: origin)
    }
}

/// The token that `aws sso login` leaves in `~/.aws/sso/cache`. It is only read: who signs on is a person.
struct SignOnToken: Sendable {
    let text: String
    let expiration: Timestamp

    private struct File: Decodable {
        let accessToken: String
        let expiresAt: String
    }

    /// Where it is.
    /// - Parameter name: of the session; the start URL where there is none.
    static func path(_ name: String, _ environment: [String: String]) throws(StoreError) -> String {
        guard let home = environment.text("HOME") else {
            throw StoreError(
                .invalidArgument, "HOME is not set, so the token for single sign-on cannot be found")
        }
        guard let digest = Hasher.hex(.sha1, of: name.utf8) else {
            throw StoreError(
                .failed,
                "libcrypto refuses SHA-1, which names the token for single sign-on; does this machine's "
                    + "policy forbid it?")
        }
        return "\(home)/.aws/sso/cache/\(digest).json"
    }

    /// - Throws: `permissionDenied` where there is none; nothing of the content is told.
    init(at path: String, advice: String) async throws(StoreError) {
        guard let bytes = try await LookupThreads.content(of: path, atMost: 256 << 10) else {
            throw StoreError(.permissionDenied, "nobody has signed on, because there is no \(path); \(advice)")
        }
        guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)),
            let end = Timestamp(lenient: file.expiresAt.replacing("UTC", with: "Z"))
        else { throw StoreError(.failed, "\(path) holds no token for single sign-on; \(advice)") }
        text = try TokenFile.checked(Array(file.accessToken.utf8), path)
        expiration = end
    }
}

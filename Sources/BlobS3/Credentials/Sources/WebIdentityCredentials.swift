package import BlobStore
internal import FoundationEssentials

/// A role taken with a token of somebody else's, e.g. of a Kubernetes service account.
/// - Source: AssumeRoleWithWebIdentity, AWS Security Token Service API Reference.
struct WebIdentityCredentials: CredentialSource {
    let role: String
    /// Renewed by whoever wrote it; read anew each time.
    let tokenFile: String
    /// Names the session in logs; nil for one made up.
    var session: String?
    var region: String?
    /// Of the token service; nil for Amazon's.
    var endpoint: String?
    let lookup: Lookup

    var name: String { "web identity" }

    func credentials() async throws(StoreError) -> Credentials? {
        let token = try await TokenFile.token(at: tokenFile, namedBy: "the web identity's setting")
        let session = session ?? "blobstore-\(UUID().uuidString.prefix(8))"
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session), ("WebIdentityToken", token),
        ]
        let body = form.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        let request = HTTPRequest(
            "POST", try url(),
            headers: ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/xml"],
            body: .bytes(Array(body.utf8)))
        let call = EndpointCall(
            lookup, name: "the token service", connectLimit: .seconds(5), totalLimit: .seconds(15))
        let response = try await call.answer(to: request)
        guard response.status == 200 else { throw refusal(response) }
        return try TokenServiceAnswer.parse(response.body).credentials(from: call.name)
    }

    private func url() throws(StoreError) -> String {
        let environment = lookup.environment
        let given = endpoint ?? environment.text("AWS_ENDPOINT_URL_STS") ?? environment.text("AWS_ENDPOINT_URL")
        guard let given else {
            let region = region ?? environment.text("AWS_REGION") ?? environment.text("AWS_DEFAULT_REGION")
            return region.map { "https://sts.\($0).amazonaws.com/" } ?? "https://sts.amazonaws.com/"
        }
        guard given.hasPrefix("http://") || given.hasPrefix("https://") else {
            throw StoreError(.invalidArgument, "the token service's endpoint is no http:// or https:// URL")
        }
        return given.hasSuffix("/") ? given : given + "/"
    }

    private func refusal(_ response: HTTPResponse) -> StoreError {
        let code = (try? TokenServiceRefusal.parse(response.body)).map(\.code).flatMap { $0.isEmpty ? nil : $0 }
        let answer = "HTTP status \(response.status)" + (code.map { ", \($0)" } ?? "")
        return StoreError(
            .permissionDenied,
            "the token service does not give the role \(role) to the holder of \(tokenFile) (\(answer)): "
                + "check whom the role trusts, and that the token is not too old",
            cause: .http(status: response.status, code: code, requestID: nil))
    }
}

/// Web identity as AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN set it up.
package struct WebIdentityFromEnvironment: CredentialSource {
    private let lookup: Lookup

    package init(_ lookup: Lookup) { self.lookup = lookup }

    package var name: String { "web identity" }

    package func credentials() async throws(StoreError) -> Credentials? {
        let environment = lookup.environment
        guard let file = environment.text("AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
        guard let role = environment.text("AWS_ROLE_ARN") else {
            throw StoreError(.invalidArgument, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not: set both")
        }
        let identity = WebIdentityCredentials(
            role: role, tokenFile: file, session: environment.text("AWS_ROLE_SESSION_NAME"),
            lookup: lookup)
        return try await identity.credentials()
    }
}

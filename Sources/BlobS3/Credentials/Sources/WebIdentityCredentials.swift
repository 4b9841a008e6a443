package import ObjectStorage

/// A role taken with a token of somebody else's, e.g. of a Kubernetes service account.
/// - Source: AssumeRoleWithWebIdentity, AWS Security Token Service API Reference.
struct WebIdentityCredentials: Sendable {
    let role: String
    /// Renewed by whoever wrote it; read anew each time.
    let tokenFile: String
    /// Names the session in logs; nil for one made up.
    var session: String?
    let service: TokenService

    func credentials() async throws(StoreError) -> Credentials {
        let token = try await TokenFile.token(at: tokenFile, namedBy: "the web identity's setting")
        let wish = TokenService.Wish(
            role: role, session: session, more: [("WebIdentityToken", token)], holder: "the holder of \(tokenFile)",
            advice: "check whom the role trusts, and that the token is not too old")
        return try await service.credentials(AssumeRoleWithWebIdentity.self, wish)
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
            throw StoreError(.invalidArgument, "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not; set both")
        }
        let identity = WebIdentityCredentials(
            role: role, tokenFile: file, session: environment.text("AWS_ROLE_SESSION_NAME"),
            service: try TokenService(lookup, files: nil))
        return try await identity.credentials()
    }
}

internal import BlobHTTP
package import ObjectStorage

/// The role of the machine that this runs on, from the instance metadata service, version 2 only.
///
/// Elsewhere than on such a machine nothing answers, and a lookup ends within two seconds.
/// AWS_EC2_METADATA_DISABLED=true skips it, AWS_EC2_METADATA_SERVICE_ENDPOINT names another endpoint.
/// - Source: "Use the Instance Metadata Service to access instance metadata", Amazon EC2 User Guide.
package struct InstanceCredentials: CredentialSource {
    private let lookup: Lookup
    private var environment: [String: String] { lookup.environment }

    package init(_ lookup: Lookup) { self.lookup = lookup }

    package var name: String { "the instance metadata service" }

    package func credentials() async throws(StoreError) -> Credentials? {
        guard !environment.isTrue("AWS_EC2_METADATA_DISABLED") else { return nil }
        let endpoint = try endpoint()
        guard let session = try await session(endpoint) else { return nil }
        let roles = "\(endpoint)/latest/meta-data/iam/security-credentials/"
        guard let list = try await get(roles, session) else { return nil }
        guard
            let role = list.split(separator: UInt8(ascii: "\n")).first.flatMap({ String(validating: $0, as: UTF8.self) }
            ),
            !role.isEmpty, role.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") })
        else { throw StoreError(.failed, "\(name) names the machine's role in a way that is not a name") }
        guard let answer = try await get(roles + role, session) else {
            throw StoreError(.failed, "\(name) names a role but then does not know it", isRetryable: true)
        }
        let document = try CredentialDocument(answer, from: name)
        guard document.code == nil || document.code == "Success" else {
            throw StoreError(.permissionDenied, "\(name) gives no credentials for the machine's role; check the role")
        }
        return try document.credentials(mustEnd: true, from: name)
    }

    private func endpoint() throws(StoreError) -> String {
        if let given = environment.text("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
            guard given.hasPrefix("http://") || given.hasPrefix("https://"),
                given.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw StoreError(
                    .invalidArgument, "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http:// or https:// URL")
            }
            return given.hasSuffix("/") ? String(given.dropLast()) : given
        }
        let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        return isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    }

    /// The token that every other request carries; nil where there is no such service.
    private func session(_ endpoint: String) async throws(StoreError) -> String? {
        var request = HTTPRequest(
            "PUT", "\(endpoint)/latest/api/token", headers: ["X-aws-ec2-metadata-token-ttl-seconds": "21600"])
        request.usesProxy = false
        // One short try where nothing answers: most machines that get here are none of Amazon's. What answers "later"
        // is there, and is asked again.
        let call = EndpointCall(
            lookup, name: name, silentAttempts: 1, connectLimit: .seconds(1), totalLimit: .seconds(2))
        let response: HTTPResponse
        do throws(StoreError) { response = try await call.answer(to: request) } catch {
            if error.code == .cancelled { throw error }
            if case .http = error.cause { throw error }
            return nil
        }
        guard response.status == 200 else { return nil }
        return try TokenFile.checked(response.body, name)
    }

    /// Nil for what is not there.
    private func get(_ url: String, _ session: String) async throws(StoreError) -> [UInt8]? {
        var request = HTTPRequest("GET", url, headers: ["X-aws-ec2-metadata-token": session])
        request.usesProxy = false
        let call = EndpointCall(lookup, name: name)
        let response = try await call.answer(to: request)
        if response.status == 404 { return nil }
        guard response.status == 200 else { throw call.refusal(response.status) }
        return response.body
    }
}

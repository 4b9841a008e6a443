internal import BlobHTTP
package import ObjectStorage

/// The endpoint that a container's runtime gives it: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
/// AWS_CONTAINER_CREDENTIALS_FULL_URI, with the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or
/// AWS_CONTAINER_AUTHORIZATION_TOKEN.
/// - Source: "Container credential provider", AWS SDKs and Tools Reference Guide.
package struct ContainerCredentials: CredentialSource {
    private let lookup: Lookup
    private var environment: [String: String] { lookup.environment }

    package init(_ lookup: Lookup) { self.lookup = lookup }

    package var name: String { "the container's endpoint" }

    package func credentials() async throws(StoreError) -> Credentials? {
        guard let url = try url() else { return nil }
        var request = HTTPRequest("GET", url, headers: ["Accept": "application/json"])
        request.usesProxy = false
        if let token = try await token() { request.headers.append("Authorization", token) }
        let call = EndpointCall(lookup, name: name)
        let response = try await call.answer(to: request)
        guard response.status == 200 else { throw call.refusal(response.status) }
        return try CredentialDocument(response.body, from: name).credentials(mustEnd: true, from: name)
    }

    private func url() throws(StoreError) -> String? {
        if let relative = environment.text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard relative.hasPrefix("/"), Self.isPlain(relative) else {
                throw StoreError(
                    .invalidArgument, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path; it must begin with /")
            }
            return "http://169.254.170.2" + relative
        }
        guard let full = environment.text("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        guard Self.isPlain(full), Self.isAllowed(full) else {
            throw StoreError(
                .invalidArgument,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI leads elsewhere; it must begin with https://, or with http:// and "
                    + "the address of this machine or of a container's runtime")
        }
        return full
    }

    /// A token must not be sent to any host in the clear, so that setting a variable is not enough to receive it.
    static func isAllowed(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return url.utf8.count > 8 }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return false }
        if authority.hasPrefix("[") {
            return ["[::1]", "[fd00:ec2::23]"].contains(authority.prefix { $0 != "]" } + "]")
        }
        let host = authority.prefix { $0 != ":" }
        if ["localhost", "169.254.170.2", "169.254.170.23"].contains(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    private func token() async throws(StoreError) -> String? {
        guard let path = environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            guard let token = environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN") else { return nil }
            return try TokenFile.checked(Array(token.utf8), "AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        return try await TokenFile.token(at: path, namedBy: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    }
}

/// Files with a token that somebody else renews; read anew each time.
enum TokenFile {
    static func token(at path: String, namedBy variable: String) async throws(StoreError) -> String {
        guard let bytes = try await LookupThreads.content(of: path, atMost: 64 << 10) else {
            throw StoreError(.invalidArgument, "\(variable) names the file \(path), which does not exist")
        }
        return try checked(bytes, "the file \(path), which \(variable) names,")
    }

    /// A token that can stand in a header or a form; white space at its ends is none of it.
    static func checked(_ bytes: [UInt8], _ origin: String) throws(StoreError) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var token = bytes.drop(while: isSpace)
        while token.last.map(isSpace) == true { token.removeLast() }
        guard !token.isEmpty, token.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw StoreError(
                .invalidArgument, "\(origin) holds no token, because it is empty or has a line break in it")
        }
        return String(decoding: token, as: UTF8.self)
    }
}

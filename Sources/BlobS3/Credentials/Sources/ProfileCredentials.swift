package import BlobStore

/// What a profile of the shared files says: a role to take, keys, or a program that prints them.
///
/// The files are read anew at each fetch, so that rotated keys are found.
package struct ProfileCredentials: CredentialSource {
    private let profile: String?
    let lookup: Lookup
    /// The profiles that led here, each by its `source_profile`.
    let path: [String]
    /// The token service that the first of them names.
    let service: TokenService?
    private var environment: [String: String] { lookup.environment }

    /// - Parameter profile: nil for AWS_PROFILE, else `default`.
    package init(profile: String?, _ lookup: Lookup) {
        self.init(profile: profile, lookup, after: [], nil)
    }

    init(profile: String?, _ lookup: Lookup, after path: [String], _ service: TokenService?) {
        self.profile = profile
        self.lookup = lookup
        self.path = path
        self.service = service
    }

    package var name: String {
        let name = profile ?? environment.text("AWS_PROFILE") ?? environment.text("AWS_DEFAULT_PROFILE") ?? "default"
        return "the profile \"\(name)\""
    }

    package func credentials() async throws(StoreError) -> Credentials? {
        let files = try await SharedFiles(profile: profile, environment: environment)
        try files.checkProfile()
        if !path.isEmpty, let keys = try ownKeys(files) { return keys }
        guard !path.contains(files.profile) else {
            throw flaw(
                "leads back to itself by source_profile (\(path.joined(separator: ", "))): one of them needs keys")
        }
        if let role = files.value("role_arn") { return try await taking(role, files) }
        if let keys = try keys(files.credentialsSection, in: files.credentials.path) { return keys }
        if files.value("sso_session") ?? files.value("sso_start_url") != nil { throw refusal("single sign-on") }
        if files.value("login_session") != nil { throw refusal("login_session") }
        if let command = files.value("credential_process") {
            let process = CredentialProcess(command: command, name: "credential_process of \(name)")
            return try await process.credentials()
        }
        if let keys = try keys(files.configSection, in: files.config.path) { return keys }
        guard profile == nil else {
            throw StoreError(
                .permissionDenied,
                "\(name) holds no credentials: add aws_access_key_id and "
                    + "aws_secret_access_key to it in \(files.credentials.path)")
        }
        return nil
    }

    /// Keys of a profile that a role is taken with: they count before a role of its own, so that it may name itself.
    private func ownKeys(_ files: SharedFiles) throws(StoreError) -> Credentials? {
        if let keys = try keys(files.credentialsSection, in: files.credentials.path) { return keys }
        return try keys(files.configSection, in: files.config.path)
    }

    private func keys(_ section: ProfileFile.Section?, in path: String) throws(StoreError) -> Credentials? {
        func value(_ name: String) -> String? { section?[name].flatMap { $0.value.isEmpty ? nil : $0.value } }
        let key = value("aws_access_key_id")
        let secret = value("aws_secret_access_key")
        if key == nil, secret == nil { return nil }
        guard let key, let secret else {
            throw StoreError(
                .invalidArgument,
                "\(name) in \(path) has only one of aws_access_key_id and "
                    + "aws_secret_access_key: write both")
        }
        return try Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: value("aws_session_token"),
            from: "\(name) in \(path)")
    }

    func refusal(_ what: String) -> StoreError {
        StoreError(
            .unsupported,
            "\(name) uses \(what), which is not supported: give it credential_process = "
                + "aws configure export-credentials --profile NAME, under another name than the one it uses")
    }
}

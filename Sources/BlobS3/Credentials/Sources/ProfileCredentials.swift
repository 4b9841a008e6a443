package import ObjectStorage

/// What a profile of the shared files says: a role to take, keys, single sign-on, or a program that prints them.
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
                "leads back to itself by source_profile (\(path.joined(separator: ", "))); one of them needs keys")
        }
        if let role = files.value("role_arn") { return try await taking(role, files) }
        if let keys = try keys(files.credentialsSection, in: files.credentials.path) { return keys }
        if let signOn = try SingleSignOn(files, lookup, origin: name) { return try await signOn.credentials() }
        if files.value("login_session") != nil { throw refusal("login_session") }
        if let command = files.value("credential_process") {
            let process = CredentialProcess(command: command, name: "credential_process of \(name)")
            return try await process.credentials()
        }
        if let keys = try keys(files.configSection, in: files.config.path) { return keys }
        guard profile == nil else {
            throw StoreError(
                .permissionDenied,
                "\(name) holds no credentials; add aws_access_key_id and "
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
                    + "aws_secret_access_key; write both")
        }
        return try Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: value("aws_session_token"),
            from: "\(name) in \(path)")
    }

    func refusal(_ what: String) -> StoreError {
        StoreError(
            .unsupported,
            "\(name) uses \(what), which is not supported; give it credential_process = "
                + "aws configure export-credentials --profile NAME, under another name than the one it uses")
    }
}

extension ProfileCredentials {
    /// Takes a role that a profile names: by web identity, or with credentials from another profile or place.
    /// - Source: AssumeRole, AWS Security Token Service API Reference; "Assume role credential provider", AWS SDKs and
    ///   Tools Reference Guide.
    func taking(_ role: String, _ files: SharedFiles) async throws(StoreError) -> Credentials {
        let service = if let service { service } else { try TokenService(lookup, files: files) }
        let session = files.value("role_session_name")
        if let tokenFile = files.value("web_identity_token_file") {
            let identity = WebIdentityCredentials(role: role, tokenFile: tokenFile, session: session, service: service)
            return try await identity.credentials()
        }
        guard files.value("mfa_serial") == nil else { throw refusal("mfa_serial, which asks a person for a code") }
        var more: [(String, String)] = []
        if let text = files.value("duration_seconds") { more.append(("DurationSeconds", try duration(text))) }
        if let id = files.value("external_id") { more.append(("ExternalId", id)) }
        let source = try holder(files, service)
        guard let found = try await source.credentials() else {
            throw StoreError(
                .permissionDenied, "\(name) takes its role with credentials from \(source.name), which has none")
        }
        let wish = TokenService.Wish(
            role: role, session: session, more: more, holder: source.name,
            advice: "check whom the role trusts, and that these credentials may assume it")
        return try await service.credentials(AssumeRole.self, wish, signedWith: found.key)
    }

    /// Whose credentials the role is taken with.
    private func holder(_ files: SharedFiles, _ service: TokenService) throws(StoreError) -> any CredentialSource {
        switch (files.value("source_profile"), files.value("credential_source")) {
        case (let source?, nil):
            return ProfileCredentials(profile: source, lookup, after: path + [files.profile], service)
        case (nil, "Environment"): return EnvironmentCredentials(lookup.environment)
        case (nil, "Ec2InstanceMetadata"): return InstanceCredentials(lookup)
        case (nil, "EcsContainer"): return ContainerCredentials(lookup)
        case (nil, _?):
            throw flaw(
                "has an unknown credential_source; write Environment, Ec2InstanceMetadata or EcsContainer")
        case (nil, nil):
            throw flaw(
                "has a role_arn but does not say whose credentials to use; write source_profile, "
                    + "credential_source or web_identity_token_file")
        case (_?, _?): throw flaw("has both source_profile and credential_source; write one of them")
        }
    }

    private func duration(_ text: String) throws(StoreError) -> String {
        guard let seconds = Int(text), (900...43_200).contains(seconds) else {
            throw flaw("has a duration_seconds that is not a number from 900 to 43200")
        }
        return String(seconds)
    }

    func flaw(_ what: String) -> StoreError { StoreError(.invalidArgument, "\(name) \(what)") }
}

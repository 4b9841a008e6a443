internal import BlobStore

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
            advice: "check whom the role trusts, and that these credentials may take it")
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
                "has a credential_source that is not known: write Environment, Ec2InstanceMetadata or EcsContainer")
        case (nil, nil):
            throw flaw(
                "has a role_arn and does not say with whose credentials to take it: write source_profile, "
                    + "credential_source or web_identity_token_file")
        case (_?, _?): throw flaw("has both source_profile and credential_source: write one of them")
        }
    }

    private func duration(_ text: String) throws(StoreError) -> String {
        guard let seconds = Int(text), (900...43_200).contains(seconds) else {
            throw flaw("has a duration_seconds that is no number from 900 to 43200")
        }
        return String(seconds)
    }

    func flaw(_ what: String) -> StoreError { StoreError(.invalidArgument, "\(name) \(what)") }
}

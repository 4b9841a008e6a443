extension CredentialProvider {
    /// Looks where the AWS tools look, in this order: the environment, web identity, the profile, the container's
    /// endpoint, the instance metadata service.
    /// - Parameter profile: a profile that the root's URL names; then it alone counts.
    package static func standard(profile: String?, _ lookup: Lookup) -> CredentialProvider {
        let shared = ProfileCredentials(profile: profile, lookup)
        let everywhere: [any CredentialSource] = [
            EnvironmentCredentials(lookup.environment), WebIdentityFromEnvironment(lookup), shared,
            ContainerCredentials(lookup), InstanceCredentials(lookup),
        ]
        return CredentialProvider(profile == nil ? everywhere : [shared], logger: lookup.logger, now: lookup.now)
    }

    /// The same, with this machine's clock and the process's log.
    package static func standard(
        profile: String?, environment: [String: String], client: HTTPClient
    ) -> CredentialProvider {
        standard(profile: profile, Lookup(environment, client: client))
    }
}

extension CredentialProvider {
    /// Looks where the AWS tools look, in this order: the environment, web identity, the profile, the container's
    /// endpoint, the instance metadata service.
    /// - Parameters:
    ///   - profile: a profile that the root's URL names; then it alone counts.
    ///   - environment: the process's variables.
    ///   - client: for the endpoints that give out credentials.
    package static func standard(
        profile: String?, environment: [String: String], client: HTTPClient
    ) -> CredentialProvider {
        let shared = ProfileCredentials(profile: profile, environment: environment, client: client)
        guard profile == nil else { return CredentialProvider([shared]) }
        return CredentialProvider([
            EnvironmentCredentials(environment),
            WebIdentityFromEnvironment(environment, client: client),
            shared,
            ContainerCredentials(environment, client: client),
            InstanceCredentials(environment, client: client),
        ])
    }
}

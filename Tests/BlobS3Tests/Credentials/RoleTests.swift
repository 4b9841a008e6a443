import BlobHTTP
import ObjectStorage
import Testing

@testable import BlobS3

@Suite("Roles that a profile takes with other credentials")
struct RoleTests {
    private let client = HTTPClient()

    /// A token service that gives the role to who signs with one of these keys, and to nobody else.
    private func service(_ keys: [AccessKey]) throws -> Endpoint {
        try Endpoint { request in
            guard keys.contains(where: { request.isSigned(with: $0, for: "sts") }) else {
                return (
                    403,
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>HIDDEN</Message></Error></ErrorResponse>"
                )
            }
            let role = request.body.split(separator: "RoleArn=").last?.prefix { $0 != "&" } ?? ""
            return (200, Self.granted("K-\(role.split(separator: "2F").last ?? "")"))
        }
    }

    private static func granted(_ id: String) -> String {
        """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>
        <Arn>arn</Arn></AssumedRoleUser><Credentials><AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
        <SessionToken>t</SessionToken><Expiration>\(farEnd)</Expiration></Credentials></AssumeRoleResult>
        </AssumeRoleResponse>
        """
    }

    private static let taken = AccessKey(id: "K-second", secret: "s", sessionToken: "t")

    private func found(_ config: String, _ profile: String, _ more: [String: String] = [:]) async throws -> Shown? {
        let desk = try Desk()
        try desk.put("config", config)
        let provider = CredentialProvider.standard(
            profile: profile, environment: desk.environment(more), client: client)
        return Shown(try await provider.credentials())
    }

    private func refusal(
        _ config: String, _ profile: String = "a", _ more: [String: String] = [:], _ code: StoreError.Code,
        naming words: String..., location: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: StoreError.self, sourceLocation: location) {
            try await found(config, profile, more)
        }
        #expect(error?.code == code, "\(error.map { "\($0)" } ?? "")", sourceLocation: location)
        for word in words { #expect(error?.message.contains(word) == true, "\(word)", sourceLocation: location) }
        #expect(error.map { "\($0)".contains("HIDDEN") } == false, sourceLocation: location)
    }

    @Test("a role is taken with the keys of another profile, by a signed request with all that the profile says")
    func sourceProfile() async throws {
        let service = try service([AccessKey(id: "BASE", secret: "b")])
        let config = """
            [profile a]
            role_arn = arn:aws:iam::1:role/first
            source_profile = base
            external_id = x y
            role_session_name = node-1
            duration_seconds = 3600
            services = here
            [profile base]
            aws_access_key_id = BASE
            aws_secret_access_key = b
            [services here]
            sts =
              endpoint_url = \(service.url)
            """
        #expect(try await found(config, "a") == Shown("K-first", "s", token: "t", end: 4_925_520_300))
        #expect(
            service.requests.map(\.body) == [
                "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Ffirst"
                    + "&RoleSessionName=node-1&DurationSeconds=3600&ExternalId=x%20y"
            ])
    }

    @Test("a role is taken with one that another profile takes, and a profile may name itself for its keys")
    func chain() async throws {
        let service = try service([AccessKey(id: "BASE", secret: "b"), Self.taken])
        let config = """
            [profile a]
            role_arn = arn:aws:iam::1:role/first
            source_profile = b
            [profile b]
            role_arn = arn:aws:iam::1:role/second
            source_profile = b
            aws_access_key_id = BASE
            aws_secret_access_key = b
            """
        let variables = ["AWS_ENDPOINT_URL_STS": service.url]
        #expect(try await found(config, "b", variables)?.key == "K-second")
        // As a source its own keys count.
        #expect(try await found(config, "a", variables)?.key == "K-first")
        let longer = config.replacing("source_profile = b\naws", with: "source_profile = c\n[profile c]\naws")
        #expect(try await found(longer, "a", variables)?.key == "K-first")
        #expect(service.requests.last?.isSigned(with: Self.taken, for: "sts") == true)
        #expect(service.requests.count == 4)
    }

    @Test("a role is taken with credentials of the environment, of a container and of an instance")
    func credentialSource() async throws {
        let document =
            "{\"Code\": \"Success\", \"AccessKeyId\": \"K-second\", \"SecretAccessKey\": \"s\", \"Token\": \"t\", "
            + "\"Expiration\": \"\(farEnd)\"}"
        let issuer = try Endpoint { request in
            let isLast = request.line.contains("/role ") || request.line.contains("/keys")
            return (200, isLast ? document : "role")
        }
        for (name, variables) in [
            (
                "Environment",
                ["AWS_ACCESS_KEY_ID": "K-second", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"]
            ),
            ("EcsContainer", ["AWS_CONTAINER_CREDENTIALS_FULL_URI": issuer.url + "/keys"]),
            (
                "Ec2InstanceMetadata",
                ["AWS_EC2_METADATA_SERVICE_ENDPOINT": issuer.url, "AWS_EC2_METADATA_DISABLED": ""]
            ),
        ] {
            let service = try service([Self.taken])
            let config = "[profile a]\nrole_arn = arn:aws:iam::1:role/first\ncredential_source = \(name)\n"
            let environment = variables.merging(["AWS_ENDPOINT_URL_STS": service.url]) { $1 }
            #expect(try await found(config, "a", environment)?.key == "K-first", "\(name)")
            await refusal(config, "a", ["AWS_ENDPOINT_URL_STS": service.url], .permissionDenied, naming: "none")
        }
    }

    @Test("what cannot be is refused with the profile's name before anybody is asked")
    func mistakes() async throws {
        let service = try service([])
        let variables = ["AWS_ENDPOINT_URL_STS": service.url]
        func refused(_ lines: String, _ code: StoreError.Code = .invalidArgument, _ words: String) async {
            let config = "[profile a]\nrole_arn = arn:aws:iam::1:role/first\n\(lines)\n"
            await refusal(config, "a", variables, code, naming: "the profile \"", words)
        }
        await refused("", .invalidArgument, "source_profile, credential_source or web_identity_token_file")
        await refused("source_profile = b\ncredential_source = Environment", .invalidArgument, "both")
        await refused("credential_source = Elsewhere", .invalidArgument, "Ec2InstanceMetadata")
        await refused("source_profile = none", .invalidArgument, "none")
        await refused("source_profile = a", .invalidArgument, "leads back to itself")
        await refused(
            "source_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a", .invalidArgument, "leads back")
        await refused("source_profile = b\n[profile b]\nregion = r", .permissionDenied, "\"b\" holds no credentials")
        await refused("source_profile = a\nduration_seconds = 12", .invalidArgument, "duration_seconds")
        await refused("source_profile = a\nmfa_serial = arn", .unsupported, "mfa_serial")
        #expect(service.requests.isEmpty)
    }

    @Test("a role that is not given says which, to whom and why; garbage is an error; neither tells a credential")
    func refusals() async throws {
        let config = """
            [profile a]
            role_arn = arn:aws:iam::1:role/first
            source_profile = base
            [profile base]
            aws_access_key_id = HIDDEN
            aws_secret_access_key = HIDDEN
            """
        let strict = try service([])
        await refusal(
            config, "a", ["AWS_ENDPOINT_URL_STS": strict.url], .permissionDenied, naming: "role/first",
            "the profile \"base\"", "AccessDenied")
        let garbled = try Endpoint { _ in (200, Self.granted("HIDDEN").replacing("AssumeRoleResponse", with: "Other")) }
        await refusal(config, "a", ["AWS_ENDPOINT_URL_STS": garbled.url], .failed, naming: "AssumeRoleResponse")
        await refusal(
            config, "a", ["AWS_ENDPOINT_URL_STS": "ftp://x"], .invalidArgument, naming: "AWS_ENDPOINT_URL_STS")
    }

    @Test(
        "a token service that others wrote gives a role for keys and for a web identity",
        .enabled(if: ServerUnderTest.mock != nil, "no moto is named"))
    func moto() async throws {
        let url = try #require(ServerUnderTest.mock).address.endpoint
        let desk = try Desk()
        let token = try desk.put("token", "any")
        try desk.put(
            "config",
            """
            [profile keys]
            role_arn = arn:aws:iam::123456789012:role/packages
            source_profile = base
            [profile base]
            aws_access_key_id = BASE
            aws_secret_access_key = b
            [profile identity]
            role_arn = arn:aws:iam::123456789012:role/packages
            web_identity_token_file = \(token)
            """)
        for profile in ["keys", "identity"] {
            let provider = CredentialProvider.standard(
                profile: profile, environment: desk.environment(["AWS_ENDPOINT_URL_STS": url]), client: client)
            let found = try await provider.credentials()
            #expect(found.sessionToken != nil && found.accessKeyID != "BASE")
            #expect(found.isGood(at: .now, forSeconds: 800))
        }
    }
}

import ObjectStorage
import Testing

@testable import BlobS3

@Suite("Settings of a connection")
struct SettingsTests {
    private let config = """
        [default]
        region = eu-default-1
        endpoint_url = http://default:1
        ca_bundle = /etc/authorities.pem
        services = here
        s3 =
          addressing_style = path

        [services here]
        s3 =
          endpoint_url = http://service:1
        sts =
          endpoint_url = http://sts:1
        """

    private func settings(
        url: [String: String] = [:], _ environment: [String: String] = [:], config: String? = nil
    ) async throws -> ConnectionSettings {
        let desk = try Desk()
        try desk.put("config", config ?? self.config)
        let environment = desk.environment(environment)
        let files = try await SharedFiles(profile: url["profile"], environment: environment)
        return try ConnectionSettings(url: url, environment: environment, files: files)
    }

    @Test("the root's URL wins over the environment, that over the profile, and the service's over the general one")
    func precedence() async throws {
        let variables = [
            "AWS_ENDPOINT_URL_S3": "http://s3:1/", "AWS_ENDPOINT_URL": "http://all:1", "AWS_REGION": "eu-env-1",
            "AWS_DEFAULT_REGION": "eu-env-2", "AWS_CA_BUNDLE": "/env.pem",
        ]
        var found = try await settings(url: ["endpoint": "https://url:1", "region": "eu-url-1"], variables)
        #expect(found.endpoint == "https://url:1" && found.region == "eu-url-1" && found.certificates == "/env.pem")
        found = try await settings(variables)
        #expect(found.endpoint == "http://s3:1" && found.region == "eu-env-1")
        found = try await settings(["AWS_ENDPOINT_URL": "http://all:1", "AWS_DEFAULT_REGION": "eu-env-2"])
        #expect(found.endpoint == "http://all:1" && found.region == "eu-env-2")
        found = try await settings()
        #expect(found.endpoint == "http://service:1" && found.region == "eu-default-1")
        #expect(found.certificates == "/etc/authorities.pem" && found.addressingStyle == "path")
        found = try await settings(config: "[default]\nendpoint_url = http://default:1\n")
        #expect(found.endpoint == "http://default:1")
        found = try await settings(variables.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 })
        #expect(found.endpoint == nil)
    }

    @Test("nothing set means AWS itself, and a region that nobody named")
    func defaults() async throws {
        let found = try await settings(config: "")
        #expect(found.endpoint == nil && found.region == "us-east-1" && !found.isRegionNamed)
        #expect(found.addressingStyle == nil && found.certificates == nil)
    }

    @Test(
        "an endpoint that can be none is refused, and credentials in it are not told",
        arguments: [
            "ftp://h", "h:9000", "https://", "https://user:HIDDEN@h", "https://h/path", "https://h?x=HIDDEN",
            "http://h\u{A}x",
        ])
    func endpoints(_ text: String) async throws {
        let error = await #expect(throws: StoreError.self) { try await settings(["AWS_ENDPOINT_URL_S3": text]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("AWS_ENDPOINT_URL_S3") == true)
        #expect(error?.message.contains("HIDDEN") == false)
    }

    @Test("a region or a style that can be none is refused")
    func others() async throws {
        for url in [["region": "eu west"], ["region": "a/b"], ["style": "round"]] {
            let error = await #expect(throws: StoreError.self) { try await settings(url: url) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("a profile in the root's URL wins over AWS_PROFILE")
    func profiles() async throws {
        let two = "[profile a]\nregion = a-1\n[profile b]\nregion = b-1\n"
        #expect(try await settings(["AWS_PROFILE": "a"], config: two).region == "a-1")
        #expect(try await settings(url: ["profile": "b"], ["AWS_PROFILE": "a"], config: two).region == "b-1")
    }
}

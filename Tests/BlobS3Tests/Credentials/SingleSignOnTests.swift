import BlobCrypto
import BlobHTTP
import Glibc
import ObjectStorage
import Testing

@testable import BlobS3

@Suite("Single sign-on")
struct SingleSignOnTests {
    private static let good =
        "{\"roleCredentials\": {\"accessKeyId\": \"S\", \"secretAccessKey\": \"s\", \"sessionToken\": \"t\", "
        + "\"expiration\": 4925520300000}}"

    private static let config = """
        [profile staff]
        sso_session = corp
        sso_account_id = 123456789012
        sso_role_name = Package Writer
        [sso-session corp]
        sso_region = eu-west-1
        sso_start_url = https://corp.example/start
        [profile old]
        sso_start_url = https://old.example/start
        sso_region = eu-west-1
        sso_account_id = 123456789012
        sso_role_name = Package Writer
        [profile role]
        role_arn = arn:aws:iam::123456789012:role/packages
        source_profile = staff
        [profile bare]
        sso_session = corp
        [profile nowhere]
        sso_session = other
        """

    private func desk(_ name: String? = "corp", end: String = farEnd, token: String = "HIDDEN-token") throws -> Desk {
        let desk = try Desk()
        try desk.put("config", Self.config)
        if let name {
            try desk.makeFolders(".aws/sso/cache")
            let digest = try #require(Hasher.hex(.sha1, of: name.utf8))
            try desk.put(".aws/sso/cache/\(digest).json", "{\"accessToken\": \"\(token)\", \"expiresAt\": \"\(end)\"}")
        }
        return desk
    }

    private func found(_ desk: Desk, _ profile: String, _ url: String = "http://127.0.0.1:1") async throws(StoreError)
        -> Shown?
    {
        let environment = desk.environment(["AWS_ENDPOINT_URL_SSO": url])
        return Shown(
            try await CredentialProvider.standard(profile: profile, Lookup(environment, client: HTTPClient()))
                .credentials())
    }

    @Test("the token of aws sso login is exchanged for the role's credentials, by a session and by a profile alone")
    func exchange() async throws {
        for (profile, name) in [("staff", "corp"), ("old", "https://old.example/start")] {
            let portal = try Endpoint { _ in (200, Self.good) }
            let shown = try await found(desk(name), profile, portal.url)
            #expect(shown == Shown("S", "s", token: "t", end: 4_925_520_300))
            let request = try #require(portal.requests.first)
            #expect(
                request.line
                    == "GET /federation/credentials?account_id=123456789012&role_name=Package%20Writer HTTP/1.1")
            #expect(request.header("x-amz-sso_bearer_token") == "HIDDEN-token" && portal.requests.count == 1)
        }
    }

    @Test("who has not signed on, or whose sign-on has ended, is told to run aws sso login; the token is told nowhere")
    func ended() async throws {
        let portal = try Endpoint { _ in (401, "HIDDEN") }
        for (desk, asked) in [
            (try desk(nil), 0), (try desk(end: "2020-01-01T00:00:00Z"), 0),
            (try desk(end: "2020-01-01T00:00:00UTC"), 0),
            (try desk(), 1),
        ] {
            let before = portal.requests.count
            let error = await #expect(throws: StoreError.self) { try await found(desk, "staff", portal.url) }
            #expect(error?.code == .permissionDenied && portal.requests.count - before == asked)
            #expect(error?.message.contains("run aws sso login --profile staff") == true)
            #expect(error?.message.contains("HIDDEN") == false)
        }
    }

    @Test("a refusal, an answer that is none, a file that is none and a profile that says too little are told as that")
    func flaws() async throws {
        for (status, body, code) in [
            (403, "HIDDEN", StoreError.Code.permissionDenied), (200, "HIDDEN", .failed), (500, "HIDDEN", .unavailable),
        ] {
            let portal = try Endpoint { _ in (status, body) }
            let error = await #expect(throws: StoreError.self) { try await found(desk(), "staff", portal.url) }
            #expect(error?.code == code && error?.message.contains("HIDDEN") == false)
        }
        for (desk, profile, code) in [
            (try desk(end: "HIDDEN"), "staff", StoreError.Code.failed),
            (try desk(token: ""), "staff", .invalidArgument),
            (try desk(), "bare", .invalidArgument), (try desk(), "nowhere", .invalidArgument),
        ] {
            let error = await #expect(throws: StoreError.self) { try await found(desk, profile) }
            #expect(error?.code == code && error?.message.contains("HIDDEN") == false)
        }
    }

    @Test("a role may be taken with credentials from single sign-on")
    func role() async throws {
        let portal = try Endpoint { _ in (200, Self.good) }
        let service = try Endpoint { _ in (403, "<ErrorResponse/>") }
        let desk = try desk()
        let environment = desk.environment(["AWS_ENDPOINT_URL_SSO": portal.url, "AWS_ENDPOINT_URL_STS": service.url])
        let provider = CredentialProvider.standard(profile: "role", Lookup(environment, client: HTTPClient()))
        await #expect(throws: StoreError.self) { try await provider.credentials() }
        let key = AccessKey(id: "S", secret: "s", sessionToken: "t")
        #expect(service.requests.first?.isSigned(with: key, for: "sts") == true)
    }
}

extension Desk {
    fileprivate func makeFolders(_ relative: String) throws {
        var path = self.path
        for segment in relative.split(separator: "/") {
            path += "/\(segment)"
            guard mkdir(path, 0o700) == 0 else { throw DeskFailure() }
        }
    }
}

import BlobHTTP
import Logging
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import BlobS3

@Suite("Endpoints that give out credentials")
struct EndpointTests {
    private let client = HTTPClient()

    private func found(_ environment: [String: String]) async throws -> Shown? {
        let provider = CredentialProvider.standard(profile: nil, environment: environment, client: client)
        return Shown(try await provider.credentials())
    }

    private func failure(_ environment: [String: String]) async -> StoreError? {
        let error = await #expect(throws: StoreError.self) { try await found(environment) }
        #expect(error.map { "\($0)".contains("HIDDEN") } == false)
        return error
    }

    private static func document(_ key: String, _ secret: String = "s", end: String? = farEnd) -> String {
        let end = end.map { ", \"Expiration\": \"\($0)\"" } ?? ""
        return
            "{\"Code\": \"Success\", \"AccessKeyId\": \"\(key)\", "
            + "\"SecretAccessKey\": \"\(secret)\", \"Token\": \"t\"\(end)}"
    }

    // Containers.

    @Test("a container's endpoint is asked with the token of the file, which is read anew each time")
    func container() async throws {
        let desk = try Desk()
        let endpoint = try Endpoint { (200, Self.document("C", $0.header("Authorization") ?? "none")) }
        let environment = try desk.environment([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url + "/keys?a=b",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": desk.put("token", "first\n"),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "unused", "http_proxy": "http://127.0.0.1:1",
        ])
        let provider = CredentialProvider.standard(profile: nil, environment: environment, client: client)
        let first = try await provider.credentials()
        #expect(Shown(first) == Shown("C", "first", token: "t", end: 4_925_520_300))
        try desk.put("token", "second")
        provider.reject(first)
        #expect(try await provider.credentials().secretAccessKey == "second")
        #expect(endpoint.requests.map(\.line) == Array(repeating: "GET /keys?a=b HTTP/1.1", count: 2))
    }

    @Test(
        "a token is sent over https, to this machine and to a container's runtime, and nowhere else",
        arguments: [
            ("https://example.net/x", true), ("http://127.0.0.1/x", true), ("http://127.9.8.7:80/", true),
            ("http://localhost:1", true), ("http://[::1]:1/x", true), ("http://169.254.170.2/x", true),
            ("http://169.254.170.23/v1", true), ("http://[fd00:ec2::23]/v1", true), ("http://example.net/x", false),
            ("http://127.0.0.1.example.net/", false), ("http://127.0.0.1@example.net/", false),
            ("http://127.1/", false),
            ("http://10.0.0.1/", false), ("http://[::2]/", false), ("http://localhost.example.net", false),
            ("ftp://127.0.0.1", false), ("http://", false), ("https://", false), ("http://127.0.0.256/", false),
        ])
    func hosts(_ url: String, _ isAllowed: Bool) async {
        #expect(ContainerCredentials.isAllowed(url) == isAllowed)
    }

    @Test(
        "an endpoint elsewhere, a bad path, a token with a line break and a missing file are refused, nothing is sent")
    func containerMistakes() async throws {
        let desk = try Desk()
        let endpoint = try Endpoint { _ in (200, Self.document("C")) }
        let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
        for variables in [
            [full: "http://example.net/"], ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.net/"],
            [full: endpoint.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "HIDDEN\r\nX: y"],
            [full: endpoint.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": desk.path + "/none"],
        ] {
            #expect(await failure(desk.environment(variables))?.code == .invalidArgument)
        }
        #expect(endpoint.requests.isEmpty)
    }

    @Test(
        "garbage is an error that tells nothing of it",
        arguments: [
            "", "HIDDEN", "[]", "{\"AccessKeyId\": \"HIDDEN\"}", "{\"AccessKeyId\": 5}", document("HIDDEN", end: nil),
            document("HIDDEN", end: "tomorrow"), document("HID DEN"), document("HIDDEN", ""),
            document("HIDDEN", "\\u0000"),
            "<html>HIDDEN</html>",
        ])
    func garbage(_ answer: String) async throws {
        let endpoint = try Endpoint { _ in (200, answer) }
        let error = await failure(try Desk().environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url]))
        #expect(error.map { [.failed, .invalidArgument].contains($0.code) } == true)
    }

    @Test("a 500 and a 429 are tried again, three times in all; a 403 is not")
    func statuses() async throws {
        for (status, tries, code) in [
            (500, 3, StoreError.Code.unavailable), (429, 3, .unavailable), (403, 1, .permissionDenied),
            (404, 1, .failed),
        ] {
            let endpoint = try Endpoint { _ in (status, "HIDDEN") }
            let error = await failure(try Desk().environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url]))
            #expect(error?.code == code && endpoint.requests.count == tries, "status \(status)")
        }
    }

    @Test("each attempt that failed is told in the log, with its number and why, and with nothing of the answer")
    func log() async throws {
        let answers = Mutex([500, 429])
        let endpoint = try Endpoint { _ in
            let status = answers.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
            return (status, status == 200 ? Self.document("HIDDEN", "HIDDEN") : "HIDDEN")
        }
        let log = LogLines()
        let lookup = Lookup(
            try Desk().environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url]), client: client,
            logger: log.logger)
        _ = try await CredentialProvider.standard(profile: nil, lookup).credentials()
        let lines = log.lines(.info)
        #expect(lines.map { $0.contains("attempt 1 of 3") } == [true, false])
        #expect(lines.map { $0.contains("attempt 2 of 3") } == [false, true])
        #expect(lines.map { $0.contains("500") } == [true, false] && lines.allSatisfy { !$0.contains("HIDDEN") })
    }

    @Test("a machine without the instance metadata service says in the log that it was asked")
    func logOfTheInstance() async throws {
        let log = LogLines()
        let environment = try Desk().environment([
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1", "AWS_EC2_METADATA_DISABLED": "",
        ])
        let provider = CredentialProvider.standard(
            profile: nil, Lookup(environment, client: client, logger: log.logger))
        await #expect(throws: StoreError.self) { try await provider.credentials() }
        #expect(log.lines(.info).map { $0.contains("the instance metadata service") } == [true])
    }

    @Test("credentials that have expired are refused")
    func expired() async throws {
        let endpoint = try Endpoint { _ in (200, Self.document("HIDDEN", end: "2020-01-01T00:00:00.123Z")) }
        let error = await failure(try Desk().environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url]))
        #expect(error?.code == .permissionDenied)
    }

    @Test("an endpoint that takes a connection and says nothing is given up", .timeLimit(.minutes(2)))
    func blackHole() async throws {
        let server = try ScriptedServer { connection in
            while connection.readHead() != nil {}
        }
        let desk = try Desk()
        for name in ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"] {
            let variables = [name: server.url, "AWS_EC2_METADATA_DISABLED": "false"]
            let error = await failure(desk.environment(variables))
            // On no instance there is no service: that is no failure, but then there are no credentials at all.
            #expect(error?.code == (name.contains("EC2") ? .permissionDenied : .unavailable))
        }
    }

    // The instance metadata service.

    private func instance(_ document: String, role: String = "web-server\n") throws -> Endpoint {
        try Endpoint { request in
            let words = request.line.split(separator: " ").map { String($0) }
            switch (words[0], words[1]) {
            case ("PUT", "/latest/api/token"):
                return request.header("X-aws-ec2-metadata-token-ttl-seconds") == "21600" ? (200, "SESSION") : (400, "")
            case ("GET", _) where request.header("X-aws-ec2-metadata-token") != "SESSION": return (401, "")
            case ("GET", "/latest/meta-data/iam/security-credentials/"): return role.isEmpty ? (404, "") : (200, role)
            case ("GET", "/latest/meta-data/iam/security-credentials/web-server"): return (200, document)
            default: return (404, "")
            }
        }
    }

    private func environment(_ endpoint: Endpoint) throws -> [String: String] {
        try Desk().environment([
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint.url + "/", "AWS_EC2_METADATA_DISABLED": "",
        ])
    }

    @Test("the role of an instance is found with a session, as version 2 has it")
    func instanceRole() async throws {
        let endpoint = try instance(Self.document("I"))
        #expect(try await found(environment(endpoint)) == Shown("I", "s", token: "t", end: 4_925_520_300))
        #expect(endpoint.requests.count == 3)
    }

    @Test("no role, and no service of version 2, are no credentials; a failing role and a name that is none are errors")
    func instanceMistakes() async throws {
        func error(_ endpoint: Endpoint) async throws -> StoreError? {
            let error = await failure(try environment(endpoint))
            #expect(!endpoint.requests.isEmpty)
            return error
        }
        #expect(try await error(instance("", role: ""))?.code == .permissionDenied)
        #expect(try await error(Endpoint { _ in (404, "HIDDEN") })?.message.contains("no credentials in") == true)
        let failing = "{\"Code\": \"AssumeRoleUnauthorizedAccess\", \"Message\": \"HIDDEN\"}"
        #expect(try await error(instance(failing))?.code == .permissionDenied)
        #expect(try await error(instance("", role: "../../HIDDEN"))?.code == .failed)
    }

    @Test("when it is disabled nobody is asked")
    func disabled() async throws {
        let endpoint = try instance(Self.document("I"))
        var variables = try environment(endpoint)
        variables["AWS_EC2_METADATA_DISABLED"] = "TRUE"
        #expect(await failure(variables)?.code == .permissionDenied)
        #expect(endpoint.requests.isEmpty)
    }

    // Web identity.

    private static let role = "arn:aws:iam::123456789012:role/packages"

    private static func granted(_ key: String) -> String {
        """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>\(key)</AccessKeyId>
          <SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>t</SessionToken><Expiration>\(farEnd)</Expiration>
          </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
        """
    }

    @Test("a role is taken with the token of the file, by the environment and by a profile")
    func webIdentity() async throws {
        let desk = try Desk()
        let service = try Endpoint { _ in (200, Self.granted("W")) }
        let token = try desk.put("token", "a.b+c=\n")
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Self.role, "AWS_ROLE_SESSION_NAME": "node 1",
            "AWS_ENDPOINT_URL_STS": service.url,
        ]
        let wanted = Shown("W", "a&b", token: "t", end: 4_925_520_300)
        #expect(try await found(desk.environment(variables)) == wanted)
        let form =
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
            + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpackages"
            + "&RoleSessionName=node%201&WebIdentityToken=a.b%2Bc%3D"
        #expect(service.requests.map(\.body) == [form])
        try desk.put(
            "config",
            """
            [profile pod]
            role_arn = \(Self.role)
            web_identity_token_file = \(token)
            services = local
            [services local]
            sts =
              endpoint_url = \(service.url)/
            """)
        #expect(try await found(desk.environment(["AWS_PROFILE": "pod"])) == wanted)
    }

    @Test("a refusal says which role and why, and garbage is an error; a token is told in neither")
    func refusedIdentity() async throws {
        let desk = try Desk()
        let token = try desk.put("token", "HIDDEN")
        let refusal =
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException</Code>"
            + "<Message>HIDDEN</Message></Error></ErrorResponse>"
        for (status, body, code, words) in [
            (400, refusal, StoreError.Code.permissionDenied, "ExpiredTokenException"),
            (403, "HIDDEN", .permissionDenied, Self.role),
            (200, "HIDDEN", .failed, "AssumeRole"),
            (200, "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", .failed, "AssumeRole"),
            (200, Self.granted("HIDDEN").replacing(farEnd, with: "never"), .failed, "Expiration"),
            (200, Self.granted("HIDDEN").replacing("SessionToken", with: "Other"), .failed, "SessionToken"),
        ] {
            let service = try Endpoint { _ in (status, body) }
            let error = await failure(
                desk.environment([
                    "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Self.role,
                    "AWS_ENDPOINT_URL_STS": service.url,
                ]))
            #expect(error?.code == code && error?.message.contains(words) == true, "\(status) \(body)")
        }
        #expect(await failure(desk.environment(["AWS_WEB_IDENTITY_TOKEN_FILE": token]))?.code == .invalidArgument)
    }

    @Test(
        "an end is read with fractions and offsets",
        arguments: [
            ("2026-01-31T08:05:00Z", 1_769_846_700), ("2026-01-31T08:05:00.123456Z", 1_769_846_700),
            ("2026-01-31T10:05:00+02:00", 1_769_846_700), ("2026-01-31T03:05:00.5-05:00", 1_769_846_700),
        ])
    func ends(_ text: String, _ seconds: Int64) { #expect(Timestamp(lenient: text)?.seconds == seconds) }

    @Test(
        "no end is read from what is none",
        arguments: ["", "Z", "+00:00", "2026", "2026-01-31T08:05:00+2:00x", "-----"])
    func noEnds(_ text: String) { #expect(Timestamp(lenient: text) == nil) }
}

import BlobHTTP
import BlobSystem
import ObjectStorage
import Testing

@testable import BlobS3

@Suite("Places where credentials are found")
struct SourceTests {
    private let client = HTTPClient()

    private func found(_ environment: [String: String], profile: String? = nil) async throws -> Shown? {
        let provider = CredentialProvider.standard(profile: profile, environment: environment, client: client)
        return Shown(try await provider.credentials())
    }

    private func refusal(
        _ environment: [String: String], profile: String? = nil, _ code: StoreError.Code, naming words: String...,
        location: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: StoreError.self, sourceLocation: location) {
            try await found(environment, profile: profile)
        }
        #expect(error?.code == code, sourceLocation: location)
        for word in words { #expect(error?.message.contains(word) == true, "\(word)", sourceLocation: location) }
        #expect(error.map { "\($0)".contains("HIDDEN") } == false, sourceLocation: location)
    }

    // The environment.

    @Test("the environment wins over everything but a profile in the root's URL, and half of a pair is refused")
    func environment() async throws {
        let desk = try Desk()
        try desk.put("credentials", "[default]\naws_access_key_id = P\naws_secret_access_key = p\n")
        let variables = ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "t"]
        #expect(try await found(desk.environment(variables)) == Shown("E", "e", token: "t"))
        #expect(try await found(desk.environment(variables), profile: "default") == Shown("P", "p"))
        #expect(
            try await found(desk.environment(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""])) == Shown("P", "p")
        )
        await refusal(
            desk.environment(["AWS_SECRET_ACCESS_KEY": "HIDDEN"]), .invalidArgument, naming: "AWS_ACCESS_KEY_ID")
        await refusal(
            desk.environment(["AWS_ACCESS_KEY_ID": "HIDDEN"]), .invalidArgument, naming: "AWS_SECRET_ACCESS_KEY")
    }

    // Profiles.

    @Test("the credentials file wins over the config file, and rotated keys are found")
    func profiles() async throws {
        let desk = try Desk()
        try desk.put("config", "[profile a]\naws_access_key_id = C\naws_secret_access_key = c\n")
        let environment = desk.environment(["AWS_PROFILE": "a"])
        let provider = CredentialProvider.standard(profile: nil, environment: environment, client: client)
        let first = try await provider.credentials()
        #expect(Shown(first) == Shown("C", "c"))
        try desk.put("credentials", "[a]\naws_access_key_id = D\naws_secret_access_key = d\naws_session_token = t\n")
        provider.reject(first)
        #expect(Shown(try await provider.credentials()) == Shown("D", "d", token: "t"))
    }

    @Test("what a profile needs and is not supported is refused by name; half of a pair too")
    func refusedProfiles() async throws {
        let desk = try Desk()
        try desk.put(
            "config",
            """
            [profile sso]
            sso_session = s
            [profile half]
            aws_secret_access_key = HIDDEN
            [profile empty]
            region = eu-west-1
            """)
        await refusal(desk.environment(["AWS_PROFILE": "sso"]), .invalidArgument, naming: "[sso-session s]")
        await refusal(desk.environment(["AWS_PROFILE": "half"]), .invalidArgument, naming: "aws_access_key_id", "half")
        await refusal(desk.environment(), profile: "empty", .permissionDenied, naming: "empty", desk.path)
        await refusal(desk.environment(["AWS_PROFILE": "none"]), .invalidArgument, naming: "none")
        await refusal(desk.environment(), .permissionDenied, naming: "the environment", "the profile \"default\"")
    }

    // Programs.

    private func process(_ script: String, line: ((String) -> String)? = nil) throws -> (Desk, [String: String]) {
        let desk = try Desk()
        let path = try desk.put("give keys", "#!/bin/sh\n" + script, mode: 0o700)
        let command = line?(path) ?? "'\(path)' \"one argument\" plain\\ two"
        try desk.put("config", "[default]\ncredential_process = \(command)\n")
        return (desk, desk.environment())
    }

    @Test("a program's credentials are taken, with its words cut as a shell cuts them")
    func process() async throws {
        let (desk, environment) = try process(
            """
            printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s","SessionToken":"t","Expiration":"%s"}' \
              "$(printf %s "$1" | tr -d ' ')" "$(printf %s "$2" | tr -d ' ')" "\(farEnd)"
            """)
        #expect(try await found(environment) == Shown("oneargument", "plaintwo", token: "t", end: 4_925_520_300))
        _ = desk
    }

    @Test("a program that fails, prints garbage or too much, or cannot be started is an error without its output")
    func badPrograms() async throws {
        for (script, code) in [
            ("echo HIDDEN; exit 3", StoreError.Code.permissionDenied), ("echo '{\"HIDDEN\":1'", .failed),
            ("echo '{\"Version\":2,\"AccessKeyId\":\"HIDDEN\",\"SecretAccessKey\":\"s\"}'", .failed),
            ("echo '{\"Version\":1,\"AccessKeyId\":\"HIDDEN\"}'", .failed),
            ("echo '{\"Version\":1,\"AccessKeyId\":\"HIDDEN\",\"SecretAccessKey\":\"a b\"}'", .invalidArgument),
            (
                "echo '{\"Version\":1,\"AccessKeyId\":\"HIDDEN\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}'",
                .failed
            ),
            ("while :; do echo HIDDENHIDDENHIDDENHIDDENHIDDENHIDDENHIDDEN; done", .failed), ("kill -9 $$", .failed),
            ("", .failed),
        ] {
            let (desk, environment) = try process(script)
            await refusal(environment, code, naming: "credential_process")
            _ = desk
        }
        let (desk, environment) = try process("", line: { _ in "/does/not/exist" })
        await refusal(environment, .failed, naming: "ENOENT")
        let (other, open) = try process("", line: { "'\($0)" })
        await refusal(open, .invalidArgument, naming: "quotation")
        _ = (desk, other)
    }

    @Test("a program that does not end is killed with its children", .timeLimit(.minutes(2)))
    func hungProgram() async throws {
        let desk = try Desk()
        let script = try desk.put("hang", "#!/bin/sh\nsleep 1000 & echo $! > \(desk.path)/child\nwait\n", mode: 0o700)
        let source = CredentialProcess(command: script, name: "the program", timeLimit: .milliseconds(800))
        let error = await #expect(throws: StoreError.self) { try await source.credentials() }
        #expect(error?.code == .unavailable)
        let bytes = try await LookupThreads.content(of: desk.path + "/child", atMost: 20)
        let child = String(decoding: (bytes ?? []).dropLast(), as: UTF8.self)
        #expect(!child.isEmpty)
        let deadline = ContinuousClock.now + .seconds(30)
        while try await isRunning(child), ContinuousClock.now < deadline { await Task.yield() }
        #expect(try await !isRunning(child))
    }

    private func isRunning(_ child: String) async throws -> Bool {
        let status = try await LookupThreads.content(of: "/proc/\(child)/stat", atMost: 4_096)
        return status.map { !String(decoding: $0, as: UTF8.self).contains(") Z") } ?? false
    }

    @Test("cancelling ends the program", .timeLimit(.minutes(2)))
    func cancelledProgram() async throws {
        let source = CredentialProcess(command: "sleep 1000", name: "the program")
        let task = Task { try await source.credentials() }
        task.cancel()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test(
        "words are cut as a shell cuts them",
        arguments: [
            ("a b  c", ["a", "b", "c"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a\\ b", ["a b"]), ("''", [""]),
            ("\"a\\\"b\"", ["a\"b"]), ("\"a\\nb\"", ["a\\nb"]), ("'a\\'", ["a\\"]), ("a'b'\"c\"d", ["abcd"]),
        ])
    func words(_ line: String, _ words: [String]) { #expect(CommandWords.split(line) == words) }

    @Test("a command line that ends too early is none", arguments: ["'a", "\"a", "a\\"])
    func openWords(_ line: String) { #expect(CommandWords.split(line) == nil) }
}

import Glibc
import Testing

@Suite("What a command loads and starts")
struct StartTests {
    /// A libcurl that is none comes first in this folder: whoever loads it fails.
    private static func withoutCurl(_ scratch: Scratch) async throws -> [String: String] {
        try await scratch.shell(": >libcurl.so.4").succeeded()
        return ["LD_LIBRARY_PATH": scratch.path, "BLOBSTORE_ROOT": scratch.root]
    }

    @Test("a command that names no bucket does not load libcurl")
    func local() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let environment = try await Self.withoutCurl(scratch)
        try await Tool.run("push", "npm", "-", "--as", "tool", input: [1], environment: environment).succeeded()
        #expect(try await Tool.run("ls", "npm", "--names", environment: environment).output == "tool\n")
    }

    @Test("a command that needs libcurl says in one sentence that it is missing")
    func missing() async throws {
        let scratch = try Scratch()
        let result = try await Tool.run(
            "feed", "list", "--root", "s3://bucket/packages?endpoint=http://127.0.0.1:9&region=r",
            environment: try await Self.withoutCurl(scratch))
        #expect(result.status == 2)
        #expect(result.errors.hasPrefix("error: libcurl cannot be loaded ("))
        #expect(result.errors.split(separator: "\n").count == 1)
    }

    private static let strace = "/usr/bin/strace"
    /// Some machines let nobody trace.
    private static let canTrace = system("\(strace) true >/dev/null 2>&1") == 0

    @Test(
        "the version is told without a thread beside the first", .enabled(if: canTrace))
    func version() async throws {
        let scratch = try Scratch()
        let traced = try await scratch.shell(
            "exec \(Self.strace) -f -o calls -e trace=clone,clone3,write \"$0\" --version")
        #expect(traced.status == 0)
        let calls = try await scratch.shell("cat calls")
        #expect(calls.output.contains("write(1, \"\(traced.output.prefix(8))"))
        #expect(!calls.output.contains("clone"))
    }
}

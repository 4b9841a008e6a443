import FoundationEssentials
import Glibc

/// A directory of its own for one test, with a server root in it, gone at the test's end.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = "/tmp/blobtool-\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// With a server root, and a feed where one is named.
    static func withRoot(feeds: String...) async throws -> Scratch {
        let scratch = try Scratch()
        try await scratch.run("init", scratch.root).succeeded()
        for feed in feeds { try await scratch.run("feed", "create", feed).succeeded() }
        return scratch
    }

    var root: String { path + "/root" }

    /// Where a feed without a root of its own is.
    func place(_ feed: String) -> String { "\(root)/feeds/\(feed)" }

    @discardableResult
    func run(_ arguments: String..., input: String = "") async throws -> Tool.Result {
        try await Tool.run(
            arguments, input: Array(input.utf8), environment: ["BLOBSTORE_ROOT": root], directory: path)
    }

    @discardableResult
    func run(_ arguments: [String]) async throws -> Tool.Result {
        try await Tool.run(arguments, environment: ["BLOBSTORE_ROOT": root], directory: path)
    }

    /// Runs with JSON output.
    func json(_ arguments: String..., input: String = "") async throws -> Tool.Result {
        try await json(arguments, input: input)
    }

    @discardableResult
    func json(_ arguments: [String], input: String = "") async throws -> Tool.Result {
        let result = try await Tool.run(
            arguments + ["--format", "json"], input: Array(input.utf8), environment: ["BLOBSTORE_ROOT": root],
            directory: path)
        try LineSchema.shared.get().expect(result.output)
        return result
    }

    /// Runs a line of shell, in which `"$0"` is the tool, in the directory.
    func shell(_ line: String) async throws -> Tool.Result {
        let shell = try SpawnedProcess(
            "/bin/sh", ["-c", line, Tool.path], environment: Tool.environment(["BLOBSTORE_ROOT": root]),
            directory: path)
        shell.closeInput()
        return await Tool.finish(shell)
    }

    /// Runs the tool as an account that may not read everything: root, too, without the right to pass over permissions.
    func unprivileged(_ arguments: String...) async throws -> Tool.Result {
        try await shell(
            """
            drop=; [ "$(id -u)" != 0 ] || drop="setpriv --bounding-set=-dac_override,-dac_read_search"
            exec $drop "$0" \(arguments.joined(separator: " ")) --format json
            """)
    }

    /// Runs the body while nobody may look into a folder of the directory.
    func closing<Value>(_ folder: String, _ body: () async throws -> Value) async throws -> Value {
        let place = "\(path)/\(folder)"
        chmod(place, 0)
        defer { chmod(place, 0o755) }
        return try await body()
    }

    /// Starts another program in the directory.
    func start(program: String, _ arguments: [String]) throws -> SpawnedProcess {
        try SpawnedProcess(
            program, arguments, environment: Tool.environment(["BLOBSTORE_ROOT": root]), directory: path)
    }

    func start(_ arguments: String...) throws -> SpawnedProcess {
        try Tool.start(arguments, environment: ["BLOBSTORE_ROOT": root], directory: path)
    }

    /// Makes a file below the directory, with its folders.
    func write(_ name: String, _ text: String) throws {
        let file = "\(path)/\(name)"
        let folder = file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex)
        try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    /// Makes a pipe with a name.
    func makePipe(_ name: String) throws {
        guard mkfifo("\(path)/\(name)", 0o600) == 0 else { throw SpawnedProcess.Failure(errno: errno) }
    }

    /// Makes a socket that nobody listens at.
    func makeSocket(_ name: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(path)/\(name)".utf8) }
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                bind(socket, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 { throw SpawnedProcess.Failure(errno: errno) }
    }

    /// Whether a name is still a node of that type (`S_IFIFO`, …), itself and not what it leads to.
    func isNode(_ name: String, _ type: mode_t) -> Bool {
        var status = stat()
        return lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == type
    }

    func read(_ name: String) -> String? {
        (try? Data(contentsOf: URL(filePath: "\(path)/\(name)"))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// All files below a folder, by their paths below it, sorted.
    func files(_ name: String) throws -> [String] {
        let folder = "\(path)/\(name)"
        return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { file in
            var isFolder = false
            return FileManager.default.fileExists(atPath: "\(folder)/\(file)", isDirectory: &isFolder) && !isFolder
        }.sorted()
    }

    /// The file of the blob with that content.
    func blob(_ feed: String, digest: String) -> String {
        let hex = digest.dropFirst("sha256:".count)
        return "root/feeds/\(feed)/blobs/sha256/\(hex.prefix(2))/\(hex)"
    }
}

extension Tool.Result {
    struct Failed: Error, CustomStringConvertible { let description: String }

    /// This result, unless the exit code was another than 0.
    @discardableResult
    func succeeded() throws -> Tool.Result {
        guard status == 0 else { throw Failed(description: "exit \(status): \(errors)") }
        return self
    }

    /// The first sentence of standard error.
    var sentence: String { errors.split(separator: "\n").first.map(String.init) ?? "" }
}

import BlobSystem
import Glibc
import ObjectStorage
import Synchronization
import TestSupport

@testable import BlobS3

/// A folder of a test's own with small files in it, removed with the value's last use.
final class Desk: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/blobstore-credentials-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DeskFailure() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        let remove = BoundedCommand(["rm", "-rf", path], timeLimit: .seconds(20), outputLimitBytes: 100)
        _ = try? remove.run(while: { true })
    }

    /// Writes a file, and returns its path.
    @discardableResult
    func put(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws -> String {
        let calls = LinuxCalls()
        let file = path + "/" + name
        let descriptor = try calls.open(path: file, [.writeOnly, .create, .truncate], mode: mode)
        defer { try? calls.close(descriptor) }
        var offset = 0
        while offset < bytes.count {
            offset += try bytes.withUnsafeBytes { all throws(Errno) in
                try calls.write(descriptor, UnsafeRawBufferPointer(rebasing: all[offset...]), at: Int64(offset))
            }
        }
        return file
    }

    @discardableResult
    func put(_ name: String, _ text: String, mode: UInt32 = 0o600) throws -> String {
        try put(name, Array(text.utf8), mode: mode)
    }

    /// Variables that lead to the files `config` and `credentials` here, and to nothing of this machine's own.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        let own = [
            "HOME": path, "AWS_CONFIG_FILE": path + "/config", "AWS_SHARED_CREDENTIALS_FILE": path + "/credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        return own.merging(more) { $1 }
    }

    struct DeskFailure: Error {}
}

/// An endpoint that answers each request by a function, and remembers what it was asked.
final class Endpoint: Sendable {
    struct Request: Sendable {
        let head: String
        let body: String

        var line: String { String(head.prefix { $0 != "\r\n" }) }

        func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                    return String(parts[1].drop { $0 == " " })
                }
            }
            return nil
        }
    }

    private final class Log: Sendable { let requests = Mutex<[Request]>([]) }

    private let log: Log
    private let server: ScriptedServer
    var url: String { server.url }
    var requests: [Request] { log.requests.withLock { $0 } }

    /// - Parameter answer: status and body; nil for none, on a connection that stays open.
    init(_ answer: @escaping @Sendable (Request) -> (Int, String)?) throws {
        let log = Log()
        self.log = log
        server = try ScriptedServer { connection in
            while let (head, body) = connection.readRequest() {
                let request = Request(head: head, body: String(decoding: body, as: UTF8.self))
                log.requests.withLock { $0.append(request) }
                if let (status, text) = answer(request) { connection.answer(status, text) }
            }
        }
    }
}

/// What a source gave, as a value that a test can compare.
struct Shown: Equatable {
    var key: String
    var secret: String
    var token: String?
    var end: Int64?

    init(_ key: String, _ secret: String, token: String? = nil, end: Int64? = nil) {
        self.key = key
        self.secret = secret
        self.token = token
        self.end = end
    }

    init?(_ credentials: Credentials?) {
        guard let credentials else { return nil }
        self.init(
            credentials.accessKeyID, credentials.secretAccessKey, token: credentials.sessionToken,
            end: credentials.expiration?.seconds)
    }
}

/// An end that no test outlives.
let farEnd = "2126-01-31T08:05:00Z"

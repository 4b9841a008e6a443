import BlobS3
import ObjectStorage
import Synchronization
import TestSupport

/// A bucket that takes one object in parts, each of which takes its time by the test's clock; it lets in only who signs
/// with credentials that are good when the request arrives.
final class GuardedBucket: Sendable {
    private struct State {
        /// By the number of the part.
        var parts: [Int: Int] = [:]
        var isComplete = false
        /// The key of each request that was let in.
        var keys: [String] = []
        /// Requests with credentials that had ended.
        var late = 0
        /// Requests that nobody can have signed with what was given out.
        var strangers: [String] = []
    }

    private let issuer: CredentialIssuer
    private let clock: TestClock
    private let partSeconds: Int64
    private let skewSeconds: Int64
    private let state = Mutex(State())

    var keys: [String] { state.withLock(\.keys) }
    var late: Int { state.withLock(\.late) }
    var strangers: [String] { state.withLock(\.strangers) }
    /// The object's size, once it is there.
    var size: Int? { state.withLock { $0.isComplete ? $0.parts.values.reduce(0, +) : nil } }

    /// - Parameters:
    ///   - partSeconds: how long a part takes.
    ///   - skewSeconds: how far the bucket's own clock is ahead.
    init(_ issuer: CredentialIssuer, _ clock: TestClock, partSeconds: Int64, skewSeconds: Int64 = 0) {
        self.issuer = issuer
        self.clock = clock
        self.partSeconds = partSeconds
        self.skewSeconds = skewSeconds
    }

    func server() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let head = connection.readHead() {
                let request = Endpoint.Request(head: head, body: "")
                let refusal = self.refusal(request)
                let body = connection.read(request.header("Content-Length").flatMap { Int($0) } ?? 0)
                connection.write(refusal ?? self.answer(request, body.count))
            }
        }
    }

    private func refusal(_ request: Endpoint.Request) -> String? {
        let now = clock.now.seconds + skewSeconds
        let issued = issuer.issued.first { request.isSigned(with: $0.key, for: "s3") }
        return state.withLock { state in
            guard let issued else {
                state.strangers.append(request.head)
                return ScriptedServer.answer(403, code: "SignatureDoesNotMatch")
            }
            guard issued.end.seconds > now else {
                state.late += 1
                return ScriptedServer.answer(400, code: "ExpiredToken")
            }
            state.keys.append(issued.key.id)
            return nil
        }
    }

    private func answer(_ request: Endpoint.Request, _ count: Int) -> String {
        let query = request.query
        if request.method == "PUT" { clock.advance(partSeconds) }
        return state.withLock { state in
            switch request.method {
            case "POST" where query.contains { $0.name == "uploads" }:
                return Self.xml("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            case "PUT":
                let number = query.first { $0.name == "partNumber" }.flatMap { Int($0.value) }
                state.parts[number ?? 0] = count
                return ScriptedServer.answer(200, headers: "ETag: \"part\"\r\n")
            case "POST":
                state.isComplete = true
                return Self.xml("<CompleteMultipartUploadResult><ETag>all</ETag></CompleteMultipartUploadResult>")
            case "HEAD" where state.isComplete:
                return "HTTP/1.1 200 So\r\nContent-Length: \(state.parts.values.reduce(0, +))\r\n\r\n"
            case "DELETE": return "HTTP/1.1 204 So\r\n\r\n"
            default: return "HTTP/1.1 404 So\r\nContent-Length: 0\r\n\r\n"
            }
        }
    }

    private static func xml(_ body: String) -> String { ScriptedServer.answer(200, body: body) }
}

import BlobCrypto
import BlobS3
import ObjectStorage
import Synchronization
import TestSupport

/// A bucket in memory that keeps to conditions, and does to a request what a test says.
final class BucketServer: Sendable {
    /// What becomes of a request.
    enum Fault: Sendable {
        case none
        /// It is not done; the answer is this, or a reset where it is empty.
        case instead(String)
        /// It is done, and then so answered.
        case doneBut(String)
        /// It is done by somebody after the next request was answered; and so answered now.
        case doneLater(String)
        /// One bit of the answer's body is another.
        case altered
    }

    private struct Item {
        var body: [UInt8]
        var fields: String
        var etag: String
    }

    private struct State {
        var items: [String: Item] = [:]
        var requests: [String] = []
        var later: (head: String, body: [UInt8])?
        var isVersioned = false
        var tellsMD5 = false
    }

    private let state = Mutex(State())
    private let fault: @Sendable (_ number: Int, _ head: String) -> Fault

    init(_ fault: @escaping @Sendable (_ number: Int, _ head: String) -> Fault = { _, _ in .none }) {
        self.fault = fault
    }

    /// The first lines of all requests, without their queries.
    var requests: [String] {
        state.withLock(\.requests).map { head in
            head.split(separator: " ").prefix(2).joined(separator: " ").split(separator: "?").first.map(String.init)
                ?? ""
        }
    }
    var heads: [String] { state.withLock(\.requests) }
    func body(_ name: String) -> [UInt8]? { state.withLock { $0.items[name]?.body } }

    func fields(_ name: String) -> String? { state.withLock { $0.items[name]?.fields } }

    /// Puts something there, as another program would.
    func put(_ name: String, _ body: [UInt8], fields: String = "") {
        state.withLock { $0.items[name] = Item(body: body, fields: fields, etag: Self.etag(body)) }
    }

    /// From now on ETags are the MD5 of what is written, and listings tell them and sizes.
    func tellMD5() { state.withLock { $0.tellsMD5 = true } }

    /// From now on the bucket keeps versions, under which this server creates what is there and replaces nothing.
    func keepVersions() { state.withLock { $0.isVersioned = true } }

    /// Changes what is stored, and nothing that tells of it.
    func damage(_ name: String, _ old: String, _ new: String) {
        state.withLock { state in
            let body = String(decoding: state.items[name]?.body ?? [], as: UTF8.self)
            state.items[name]?.body = Array(body.replacing(old, with: new).utf8)
        }
    }

    /// - Parameter fields: of every answer.
    func serve(_ connection: ScriptedServer.Connection, adding fields: String = "") {
        while let (head, body) = connection.readRequest() {
            let number = state.withLock { state in
                state.requests.append(head)
                return state.requests.count - 1
            }
            let fault = fault(number, head)
            let answer = state.withLock { reply(to: fault, head, body, &$0) }
            if answer.isEmpty { return connection.resetAtEnd() }
            connection.write(Self.adding(fields, to: answer))
        }
    }

    private func reply(to fault: Fault, _ head: String, _ body: [UInt8], _ state: inout State) -> [UInt8] {
        defer {
            if let (head, body) = state.later.take() { _ = Self.respond(head, body, &state) }
            if case .doneLater = fault { state.later = (head, body) }
        }
        switch fault {
        case .none: return Self.respond(head, body, &state)
        case .instead(let answer), .doneLater(let answer): return Array(answer.utf8)
        case .doneBut(let answer):
            _ = Self.respond(head, body, &state)
            return Array(answer.utf8)
        case .altered:
            var answer = Self.respond(head, body, &state)
            answer[answer.count - 2] ^= 1
            return answer
        }
    }
}

extension BucketServer {
    private static func respond(_ head: String, _ body: [UInt8], _ state: inout State) -> [UInt8] {
        let words = head.split(separator: " ").map(String.init)
        let parts = words[1].split(separator: "?", maxSplits: 1).map(String.init)
        let name = String(parts[0].dropFirst("/bucket/".count))
        switch words[0] {
        case "GET" where parts.count > 1 && parts[1].contains("list-type=2"):
            return bytes(200, "", list(parts[1], state))
        case "GET" where parts.count > 1 && parts[1].contains("uploads="):
            let none = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
            return bytes(200, "", Array(none.utf8))
        case "GET", "HEAD":
            guard let item = state.items[name] else {
                return Array(ScriptedServer.answer(404, code: words[0] == "HEAD" ? nil : "NoSuchKey").utf8)
            }
            let fields = "ETag: \"\(item.etag)\"\r\n\(item.fields)"
            return bytes(200, fields, item.body, showsBody: words[0] == "GET")
        case "POST" where parts.count > 1 && parts[1].hasPrefix("delete"):
            return bytes(200, "", delete(String(decoding: body, as: UTF8.self), &state))
        case "DELETE":
            state.items[name] = nil
            return bytes(204, "", [])
        default:
            return put(name, head, body, &state)
        }
    }

    private static func put(_ name: String, _ head: String, _ body: [UInt8], _ state: inout State) -> [UInt8] {
        let there = state.items[name]
        let isRefused =
            state.isVersioned
            ? field("If-Match", head) != nil
            : field("If-None-Match", head) == "*"
                ? there != nil : field("If-Match", head).map { there?.etag != bare($0) }
        guard isRefused != true else { return Array(ScriptedServer.answer(412, code: "PreconditionFailed").utf8) }
        let own = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("x-amz-meta-") }
        let fields = own.map { "\($0)\r\n" }.joined()
        if let source = field("x-amz-copy-source", head) {
            guard let item = state.items[String(source.dropFirst("bucket/".count))] else {
                return Array(ScriptedServer.answer(404, code: "NoSuchKey").utf8)
            }
            state.items[name] = Item(body: item.body, fields: fields, etag: item.etag)
            return bytes(200, "", Array("<CopyObjectResult><ETag>\(item.etag)</ETag></CopyObjectResult>".utf8))
        }
        let tag = state.tellsMD5 ? Hasher.hex(.md5, of: body) ?? "" : etag(body)
        state.items[name] = Item(body: body, fields: fields, etag: tag)
        let version = state.isVersioned ? "x-amz-version-id: v\(state.requests.count)\r\n" : ""
        return bytes(200, "ETag: \"\(tag)\"\r\n\(version)", [])
    }

    private static func delete(_ request: String, _ state: inout State) -> [UInt8] {
        let names = request.split(separator: "<Key>").dropFirst().map { String($0.prefix { $0 != "<" }) }
        for name in names { state.items[name] = nil }
        let deleted = names.map { "<Deleted><Key>\($0)</Key></Deleted>" }.joined()
        return Array("<DeleteResult>\(deleted)</DeleteResult>".utf8)
    }

    private static func list(_ query: String, _ state: State) -> [UInt8] {
        let prefix = query.split(separator: "&").first { $0.hasPrefix("prefix=") }?.dropFirst("prefix=".count) ?? ""
        let wanted = prefix.replacing("%2F", with: "/")
        let names = state.items.keys.filter { $0.hasPrefix(wanted) }.sorted()
        let items = names.map { name in
            let item = state.tellsMD5 ? state.items[name] : nil
            let tag = item.map { "<ETag>&quot;\($0.etag)&quot;</ETag>" } ?? ""
            let size = item?.body.count ?? 1
            return "<Contents><Key>\(name)</Key><Size>\(size)</Size>\(tag)\(ScriptedServer.modified)</Contents>"
        }.joined()
        return Array("<ListBucketResult><IsTruncated>false</IsTruncated>\(items)</ListBucketResult>".utf8)
    }

    private static func field(_ name: String, _ head: String) -> String? {
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        return line.map { String($0.dropFirst(name.utf8.count + 1).drop { $0 == " " }) }
    }

    private static func bare(_ etag: String) -> String { etag.filter { $0 != "\"" } }

    private static func etag(_ body: [UInt8]) -> String {
        String(body.reduce(5_381) { $0 &* 33 &+ Int($1) }, radix: 36)
    }

    private static func adding(_ fields: String, to answer: [UInt8]) -> [UInt8] {
        guard !fields.isEmpty, let end = answer.firstIndex(of: UInt8(ascii: "\n")) else { return answer }
        return answer[...end] + Array(fields.utf8) + answer[(end + 1)...]
    }

    private static func bytes(_ status: Int, _ fields: String, _ body: [UInt8], showsBody: Bool = true) -> [UInt8] {
        let head = "HTTP/1.1 \(status) So\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + (showsBody ? body : [])
    }
}

extension BucketServer {
    /// A storage in this bucket, in manual time.
    /// - Returns: with the server, which goes with its last use.
    func storage(
        _ time: ManualTime = ManualTime(), assuming found: ServerCapabilities? = nil
    ) throws -> (storage: S3Storage, server: ScriptedServer) {
        let server = try ScriptedServer { self.serve($0) }
        let session = server.session(time)
        guard let found else { return (S3Storage(session, prefix: "", address: "s3://bucket"), server) }
        return (S3Storage(session, prefix: "", address: "s3://bucket", assuming: found), server)
    }
}

extension ServerCapabilities {
    /// Of a server as one would wish it.
    static let proper = ServerCapabilities(holdsCreation: true, replacement: .quoted)
}

internal import BlobCluster
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore

/// A whole answer in memory.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: String

    init(_ status: HTTPResponse.Status, type: String? = nil, _ body: String = "", fields: HTTPFields = [:]) {
        self.status = status
        self.fields = fields
        self.body = body
        if let type { self.fields[.contentType] = type }
    }

    init(_ problem: Problem) {
        self.init(problem.status, type: "application/problem+json", problem.json, fields: problem.fields)
    }

    /// An answer in JSON.
    static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status, type: "application/json", JSONText.of(value) + "\n")
    }
}

/// One request, and the way to answer it once.
struct Exchange: ~Copyable {
    private let request: Request
    let target: Target
    private let connection: ConnectionState
    private var writer: ResponseWriter?
    private(set) var status = 0
    private(set) var sentBytes: Int64 = 0
    /// Who asks, as far as it was found out.
    private(set) var caller = Caller.anonymous

    init(
        _ request: Request, _ target: Target, writer: consuming ResponseWriter, connection: ConnectionState
    ) {
        self.request = request
        self.target = target
        self.writer = consume writer
        self.connection = connection
    }

    var method: HTTPRequest.Method { request.method }
    var fields: HTTPFields { request.headers }
    var isHead: Bool { request.method == .head }
    var isAnswered: Bool { status != 0 }
    /// Whether a person is to read the answer: browsers name HTML, and programs do not.
    var isFromBrowser: Bool { request.headers[.accept]?.lowercased().contains("text/html") == true }
    /// Whether it takes a processor for a moment at a time only: a package is looked up, and sent in pieces.
    var isBrief: Bool {
        let segments = target.segments
        guard method == .get || isHead, segments.count > 3, !target.isFolder else { return false }
        return segments[2] == "packages" || segments[2] == "blobs"
    }

    /// Finds out who asks.
    mutating func identify(_ access: Access) async throws { caller = try await access.caller(request.headers) }

    /// The body that a client sends, as it arrives.
    func upload(_ digests: StatedDigests, limit: Int64) -> Upload {
        let length = request.headers[.contentLength].flatMap { Int64($0) }
        return Upload(request.body, connection, digests: digests, expecting: length, limit: limit)
    }

    /// The whole of a body that is known to be small.
    /// - Throws: 413 for a larger one, and what reading it throws.
    func body(upTo limit: Int64) async throws -> [UInt8] {
        let upload = upload(try StatedDigests(fields), limit: limit)
        var bytes: [UInt8] = []
        do {
            for try await chunk in upload { bytes += chunk }
        } catch {
            throw upload.isTooLarge ? Problem(.contentTooLarge, "at most \(limit) bytes are taken here") : error
        }
        return bytes
    }

    /// Tells a client that waits for leave to send its body.
    func invite() async throws {
        guard request.headers[.expect] != nil, !connection.isRequestWhole else { return }
        try await writer?.writeInformationalHead(HTTPResponse(status: .continue))
    }

    /// Sends an answer that is whole in memory.
    mutating func answer(_ answer: Answer) async throws {
        let bytes = ByteBuffer(string: answer.body)
        var fields = answer.fields
        if answer.status != .noContent && answer.status != .notModified {
            fields[.contentLength] = String(bytes.readableBytes)
        }
        try await send(HTTPResponse(status: answer.status, headerFields: fields), bytes)
    }

    /// Sends content that is whole in memory, in one write.
    mutating func send(_ head: HTTPResponse, _ bytes: ByteBuffer) async throws {
        status = head.status.code
        guard let writer = writer.take() else { return }
        if isHead || bytes.readableBytes == 0 { return try await writer.writeResponse(head) }
        sentBytes = Int64(bytes.readableBytes)
        try await writer.write(response: head, body: ResponseBody(byteBuffer: bytes))
    }

    /// Sends a head, and then a body as it is read. Where that fails, the connection breaks off: its length was told.
    mutating func stream(
        _ head: HTTPResponse, _ pace: ReaderPace, _ body: (inout BodySender) async throws -> Void
    ) async throws {
        status = head.status.code
        guard let writer = writer.take() else { return }
        var sender = BodySender(try await writer.writeHead(head), pace)
        do { try await body(&sender) } catch {
            sentBytes = sender.sentBytes
            throw error
        }
        sentBytes = sender.sentBytes
        try await sender.finish()
    }
}

import BlobS3
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// One record on a server that keeps to conditions, and answers as a script says.
private final class RecordServer: Sendable {
    /// What becomes of a conditional write that would win.
    enum Step: Sendable {
        case plain
        /// It is done, and the answer is lost or wrong.
        case doneBut(String)
        /// It is not done, and the answer says nothing.
        case notDone(String)
        /// It is done and replaced by so many others at once, and then the answer is lost.
        case doneAndReplaced(Int)
    }

    private struct State {
        var body: String?
        var fields = ""
        var writes = 0
        var steps: [Step]
    }

    private let state: Mutex<State>

    init(_ steps: [Step]) { state = Mutex(State(steps: steps)) }

    var writes: Int { state.withLock { $0.writes } }
    var body: String? { state.withLock { $0.body } }

    func serve(_ connection: ScriptedServer.Connection) {
        while let (head, body) = connection.readRequest() {
            let answer = head.hasPrefix("GET") ? read() : write(head, String(decoding: body, as: UTF8.self))
            if answer.isEmpty { return connection.resetAtEnd() }
            connection.write(answer)
        }
    }

    private func read() -> String {
        state.withLock { state in
            guard let body = state.body else { return ScriptedServer.answer(404, code: "NoSuchKey") }
            return ScriptedServer.answer(200, headers: Self.etag(body) + state.fields, body: body)
        }
    }

    private func write(_ head: String, _ body: String) -> String {
        state.withLock { state in
            let expected = state.body.map { "If-Match: \"\(Self.name($0))\"" } ?? "If-None-Match: *"
            guard head.contains(expected) else { return ScriptedServer.answer(412, code: "PreconditionFailed") }
            state.writes += 1
            let step = state.steps.isEmpty ? .plain : state.steps.removeFirst()
            if case .notDone(let answer) = step { return answer }
            state.body = body
            state.fields = Self.lineage(head)
            switch step {
            case .doneBut(let answer): return answer
            case .doneAndReplaced(let others):
                for other in 0..<others { Self.replace(&state, "other-\(other)") }
                return ""
            default: return ScriptedServer.answer(200, headers: Self.etag(body))
            }
        }
    }

    private static func replace(_ state: inout State, _ name: String) {
        let write = value("write", state.fields)
        let after = ([write] + value("after", state.fields).split(separator: ",").map(String.init)).prefix(16)
        state.body = name
        state.fields =
            "x-amz-meta-blobstore-write: \(name)\r\nx-amz-meta-blobstore-after: "
            + "\(after.filter { !$0.isEmpty }.joined(separator: ","))\r\n"
    }

    private static func value(_ name: String, _ fields: String) -> String {
        let line = fields.split(separator: "\r\n").first { $0.hasPrefix("x-amz-meta-blobstore-\(name):") }
        return line.map { String($0.drop { $0 != " " }.dropFirst()) } ?? ""
    }

    private static func lineage(_ head: String) -> String {
        let lines = head.split(separator: "\r\n").filter { $0.hasPrefix("x-amz-meta-blobstore-") }
        return lines.map { $0 + "\r\n" }.joined()
    }

    private static func name(_ body: String) -> String {
        String(body.utf8.reduce(5_381) { $0 &* 33 &+ Int($1) }, radix: 36)
    }
    private static func etag(_ body: String) -> String { "ETag: \"\(name(body))\"\r\n" }
}

@Suite("A record's write whose answer leaves doubt")
struct DoubtTests {
    private func storage(_ records: RecordServer) throws -> (storage: S3Storage, server: ScriptedServer) {
        let server = try ScriptedServer { records.serve($0) }
        let storage = S3Storage(
            server.session(), prefix: "", address: "s3://bucket",
            assuming: .init(
                holdsCreation: true, replacement: .quoted))
        return (storage, server)
    }

    static let lost = [
        "", ScriptedServer.answer(500, code: "UnknownError"), ScriptedServer.answer(503, code: "SlowDown"),
    ]

    @Test("a write that happened is a success, whatever was answered", arguments: lost)
    func happened(_ answer: String) async throws {
        let records = RecordServer([.doneBut(answer), .doneBut(answer)])
        let (storage, server) = try storage(records)
        let key = try Key("record.json")
        let first = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
        let second = try await storage.writeRecord(key, Array("two".utf8), expecting: .version(first))
        let read = try await storage.readRecord(key)
        #expect(read?.version == second && records.body == "two" && records.writes == 2)
        _ = server
    }

    @Test("a write that did not happen is sent again, the same", arguments: lost)
    func again(_ answer: String) async throws {
        let records = RecordServer([.notDone(answer), .notDone(answer), .plain, .notDone(answer), .plain])
        let (storage, server) = try storage(records)
        let key = try Key("record.json")
        let first = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
        _ = try await storage.writeRecord(key, Array("two".utf8), expecting: .version(first))
        #expect(records.body == "two" && records.writes == 5)
        _ = server
    }

    @Test("a server's Retry-After is waited for before the record is looked at")
    func retryAfter() async throws {
        let time = ManualTime()
        let slow = ScriptedServer.answer(503, code: "SlowDown", headers: "Retry-After: 7\r\n")
        let sleptAtLook = Mutex<Int?>(nil)
        let bucket = BucketServer { number, head in
            if number == 1 { sleptAtLook.withLock { $0 = time.slept.count } }
            return number == 0 ? .instead(slow) : .none
        }
        let (storage, server) = try bucket.storage(time, assuming: .proper)
        _ = try await storage.writeRecord(try Key("record.json"), Array("one".utf8), expecting: .absent)
        #expect(time.slept == [.seconds(7)] && sleptAtLook.withLock { $0 } == 1)
        #expect(bucket.requests.map { $0.prefix(3) } == ["PUT", "GET", "PUT"])
        _ = server
    }

    @Test("a write that happened and was replaced meanwhile is a success, and its version is void")
    func replaced() async throws {
        let records = RecordServer([.doneAndReplaced(3)])
        let (storage, server) = try storage(records)
        let key = try Key("record.json")
        let version = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
        await expectError(.preconditionFailed) {
            _ = try await storage.writeRecord(key, Array("two".utf8), expecting: .version(version))
        }
        #expect(records.body == "other-2")
        _ = server
    }

    @Test("where too much happened since to tell, the outcome is unknown")
    func unknown() async throws {
        let records = RecordServer([.doneAndReplaced(17)])
        let (storage, server) = try storage(records)
        await expectError(.outcomeUnknown) {
            _ = try await storage.writeRecord(try Key("record.json"), Array("one".utf8), expecting: .absent)
        }
        _ = server
    }

    static let garbage = [
        "HTTP/9.9 what\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 So\r\nContent-Length: 0\r\n\r\n",
        ScriptedServer.answer(520), ScriptedServer.answer(408),
        "HTTP/1.1 200 So\r\nContent-Encoding: gzip\r\nContent-Length: 99999999\r\n\r\n"
            + String(repeating: "x", count: 9 << 20),
    ]

    @Test("a write that happened is a success, whatever nonsense was answered", arguments: garbage)
    func nonsense(_ answer: String) async throws {
        let bucket = BucketServer { number, _ in number == 0 ? .doneBut(answer) : .none }
        let (storage, server) = try bucket.storage(assuming: .proper)
        let key = try Key("record.json")
        let version = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
        #expect(try await storage.readRecord(key)?.version == version)
        _ = server
    }

    @Test(
        "a refusal after a doubt settles nothing: a write that takes effect late is found, or its outcome is unknown",
        arguments: [403, 400, 404, 412, 507])
    func refusedAfterDoubt(_ status: Int) async throws {
        let refusal = ScriptedServer.answer(status, code: "AccessDenied")
        for isLate in [false, true] {
            let bucket = BucketServer { number, head in
                // The first is lost for now, the look after it finds nothing, the second is refused.
                switch number {
                case 0: isLate ? .doneLater("") : .instead("")
                case 2...: head.hasPrefix("PUT") ? .instead(refusal) : .none
                default: .none
                }
            }
            let (storage, server) = try bucket.storage(assuming: .proper)
            let key = try Key("record.json")
            if isLate {
                _ = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
            } else {
                await expectError(.outcomeUnknown) {
                    _ = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
                }
            }
            _ = server
        }
    }

    @Test(
        "a refusal of the first attempt is what it is",
        arguments: [(403, StoreError.Code.permissionDenied), (507, .outOfSpace)])
    func refusedAtOnce(_ status: Int, _ code: StoreError.Code) async throws {
        let bucket = BucketServer { _, _ in .instead(ScriptedServer.answer(status, code: "Whatever")) }
        let (storage, server) = try bucket.storage(assuming: .proper)
        await expectError(code) {
            _ = try await storage.writeRecord(try Key("record.json"), Array("one".utf8), expecting: .absent)
        }
        #expect(bucket.requests.count == 1)
        _ = server
    }

    @Test("the only writer of a server without conditions is told of its doubts, too")
    func alone() async throws {
        for isDone in [true, false] {
            let bucket = BucketServer { number, head in
                switch number {
                case 0: .none
                case 1: isDone ? .doneBut("") : .instead("")
                default: head.hasPrefix("PUT") ? .instead(ScriptedServer.answer(403, code: "AccessDenied")) : .none
                }
            }
            let server = try ScriptedServer { bucket.serve($0) }
            let storage = S3Storage(server.session(), prefix: "", address: "s3://bucket", isForOneWriter: true)
            storage.assume(ServerCapabilities(holdsCreation: false, replacement: .none))
            let key = try Key("record.json")
            if isDone {
                _ = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
            } else {
                await expectError(.outcomeUnknown) {
                    _ = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
                }
            }
            _ = server
        }
    }

    @Test("a loser whose answer was lost learns that it lost")
    func loser() async throws {
        let records = RecordServer([])
        let (storage, server) = try storage(records)
        let key = try Key("record.json")
        let first = try await storage.writeRecord(key, Array("one".utf8), expecting: .absent)
        _ = try await storage.writeRecord(key, Array("two".utf8), expecting: .version(first))
        await expectError(.preconditionFailed) {
            _ = try await storage.writeRecord(key, Array("three".utf8), expecting: .version(first))
        }
        await expectError(.preconditionFailed) {
            _ = try await storage.writeRecord(key, Array("four".utf8), expecting: .absent)
        }
        #expect(records.body == "two")
        _ = server
    }
}

import BlobHTTP
import BlobS3
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// One object on a server that breaks off, or knows less of ranges than it should.
private final class ObjectServer: Sendable {
    enum Manner: Sendable {
        case proper
        /// Each connection is reset after so many bytes of a body.
        case breaking(Int)
        /// Answers 200 to a range, and tells which it sends.
        case ok
        /// Sends everything, whatever was asked for.
        case everything
        /// Ends each body early, as if complete.
        case short
        /// Tells another range than it was asked for, or sends.
        case telling(String)
        /// Says of every range that it is beyond the end.
        case denying
        /// Refuses one request, as if the credentials had expired meanwhile.
        case refusing(Int)
    }

    private let content: [UInt8]
    private let manner: Manner
    private let counts = Mutex((requests: 0, connections: 0))

    init(_ content: [UInt8], _ manner: Manner) {
        self.content = content
        self.manner = manner
    }

    var requests: Int { counts.withLock { $0.requests } }
    var connections: Int { counts.withLock { $0.connections } }

    func serve(_ connection: ScriptedServer.Connection) {
        counts.withLock { $0.connections += 1 }
        while let head = connection.readHead() {
            let number = counts.withLock { counts in
                counts.requests += 1
                return counts.requests
            }
            if case .refusing(number) = manner {
                connection.write(ScriptedServer.answer(400, code: "ExpiredToken"))
                continue
            }
            let line = head.split(separator: "\r\n").first { $0.hasPrefix("Range: bytes=") }
            let bounds = line?.dropFirst("Range: bytes=".count).split(separator: "-").compactMap { Int($0) } ?? []
            if head.hasPrefix("HEAD") {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n")
                continue
            }
            if case .everything = manner {
                if !answer(0..<content.count, on: connection) { return }
                continue
            }
            guard bounds.count == 2, bounds[0] < content.count else { return }
            if !answer(bounds[0]..<min(bounds[1] + 1, content.count), on: connection) { return }
        }
    }

    private func answer(_ range: Range<Int>, on connection: ScriptedServer.Connection) -> Bool {
        let told = "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.count)\r\n"
        switch manner {
        case .telling(let told): return send("206 Partial", "Content-Range: \(told)\r\n", content[range], connection)
        case .denying:
            connection.write(ScriptedServer.answer(416, code: "InvalidRange"))
            return true
        case .proper, .refusing: return send("206 Partial", told, content[range], connection)
        case .ok: return send("200 OK", told, content[range], connection)
        case .everything: return send("200 OK", "", content[...], connection)
        case .breaking(let count):
            _ = send("206 Partial", told, content[range], connection, atMost: count)
            connection.resetAtEnd()
            return false
        case .short:
            _ = send("206 Partial", told, content[range], connection, atMost: range.count / 2)
            return false
        }
    }

    private func send(
        _ status: String, _ fields: String, _ body: ArraySlice<UInt8>, _ connection: ScriptedServer.Connection,
        atMost count: Int = .max
    ) -> Bool {
        connection.write("HTTP/1.1 \(status)\r\nETag: \"e\"\r\n\(fields)Content-Length: \(body.count)\r\n\r\n")
        return connection.write(Array(body.prefix(count)))
    }
}

@Suite("An object that is read")
struct ReadingTests {
    private static let content = [UInt8](unsafeUninitializedCapacity: 20 << 20) { buffer, count in
        for index in 0..<(20 << 20) { buffer[index] = UInt8(truncatingIfNeeded: index ^ index >> 8 ^ index >> 16) }
        count = 20 << 20
    }
    private var content: [UInt8] { Self.content }

    private func read(
        _ object: ObjectServer, _ range: Range<Int64>? = nil, budget: RetryBudget = RetryBudget()
    ) async throws -> [UInt8] {
        let server = try ScriptedServer { object.serve($0) }
        let storage = S3Storage(server.session(budget: budget), prefix: "", address: "s3://bucket")
        return try await storage.withObject(try Key("object"), range: range) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return bytes
        }
    }

    @Test("connections that break are resumed where they were")
    func resumed() async throws {
        let object = ObjectServer(content, .breaking(3 << 20))
        #expect(try await read(object) == content)
        #expect(object.requests > 6)
        let part = ObjectServer(content, .breaking(1 << 20))
        #expect(try await read(part, 5..<9_000_000) == Array(content[5..<9_000_000]))
    }

    @Test(
        "in small pieces a server is asked for one segment after another, and for no more at once",
        arguments: [0, 1, 7])
    func pieces(ahead: Int) async throws {
        let object = ObjectServer(content, .proper)
        let server = try ScriptedServer { object.serve($0) }
        let storage = S3Storage(server.session(), prefix: "", address: "s3://bucket")
        let pieces = Pieces(ofBytes: 64 << 10, ahead: ahead)
        try await storage.withObject(try Key("object"), in: pieces) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks {
                #expect(chunk.count <= pieces.sizeBytes)
                bytes += chunk
                #expect(object.requests <= bytes.count >> 23 + 1)
            }
            #expect(bytes.isSame(as: self.content))
        }
        #expect(object.requests == 3)
    }

    @Test("a refusal of what was fetched ahead is no end: it is asked for again", arguments: 1...3)
    func refusedAhead(_ number: Int) async throws {
        let object = ObjectServer(content, .refusing(number))
        #expect(try await read(object) == content)
        #expect(object.requests == 4)
    }

    @Test("resuming takes from the process's budget")
    func budget() async throws {
        let object = ObjectServer(content, .breaking(1 << 10))
        await expectError(.unavailable) {
            _ = try await read(object, 0..<100_000, budget: RetryBudget(capacity: 5, perSecond: 0))
        }
        #expect(object.requests == 6)
    }

    @Test("a server that answers 200 to ranges, or sends everything, is understood")
    func lenient() async throws {
        #expect(try await read(ObjectServer(content, .ok)) == content)
        #expect(try await read(ObjectServer(content, .everything), 100..<200) == Array(content[100..<200]))
        let large = try await read(ObjectServer(content, .everything), (7 << 20)..<(18 << 20))
        #expect(large == Array(content[(7 << 20)..<(18 << 20)]))
    }

    @Test("a range that begins beyond the end is refused, also by a server that knows no ranges")
    func beyondTheEnd() async throws {
        let small = Array(content.prefix(50))
        await expectError(.invalidArgument) { _ = try await read(ObjectServer(small, .everything), 100..<200) }
        #expect(try await read(ObjectServer(small, .everything), 50..<60) == [])
        #expect(try await read(ObjectServer(small, .everything), 40..<60) == Array(small[40...]))
    }

    static let ranges = [
        "bytes 5-9/1000", "bytes 9-5/1000", "bytes -5-9/1000", "bytes 0-9/-1", "bytes 0-9/*", "bytes 0-9/5",
        "bytes 0-9",
        "bytes 9223372036854775806-9223372036854775806/9223372036854775807",
        "bytes 0-18446744073709551615/18446744073709551616", "items 0-9/1000", "bytes 0-99999/1000", "",
    ]

    @Test("a part that is not what was asked for, or says nonsense of itself, is an error", arguments: ranges)
    func otherRange(_ told: String) async throws {
        let object = ObjectServer(Array(content.prefix(1_000)), .telling(told))
        await expectError(.failed) { _ = try await read(object, 0..<10) }
    }

    @Test(
        "an object that is not empty is not read as empty because the server says that its beginning is beyond its end")
    func denied() async throws {
        await expectError(.unavailable) { _ = try await read(ObjectServer(Array(content.prefix(10)), .denying)) }
    }

    @Test("a server that breaks off after a byte each time is given up")
    func drip() async throws {
        let object = ObjectServer(Array(content.prefix(1_000)), .breaking(1))
        await expectError(.unavailable) { _ = try await read(object) }
        #expect(object.requests < 20)
    }

    @Test("bodies that always end early are an error in the end, never a short read")
    func short() async throws {
        for manner in [ObjectServer.Manner.short, .breaking(0)] {
            let object = ObjectServer(Array(content.prefix(1_000)), manner)
            await expectError(.unavailable) { _ = try await read(object) }
        }
    }

    @Test("small objects are read on one connection, one request each")
    func oneConnection() async throws {
        let object = ObjectServer(Array(content.prefix(5_000)), .proper)
        let server = try ScriptedServer { object.serve($0) }
        let storage = S3Storage(server.session(), prefix: "", address: "s3://bucket")
        for _ in 0..<20 {
            try await storage.withObject(try Key("object")) { content in
                for try await chunk in content.chunks { #expect(chunk.count <= 5_000) }
            }
        }
        #expect(object.requests == 20)
        #expect(object.connections == 1)
    }

    @Test("of many objects that are read side by side, few segments are fetched ahead, and all are read to their ends")
    func manyAtOnce() async throws {
        let object = ObjectServer(content, .proper)
        let server = try ScriptedServer { object.serve($0) }
        let storage = S3Storage(server.session(), prefix: "", address: "s3://bucket")
        for _ in 0..<2 {  // What the first round held back, the second must find free again.
            let before = object.requests
            let crowd = Crowd(12)
            try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<crowd.count {
                    group.addTask {
                        try await Self.read(from: storage, when: crowd) { object.requests - before }
                    }
                }
                for try await bytes in group { #expect(bytes == content) }
            }
            #expect(object.requests - before == crowd.count * 3)
        }
    }

    /// Reads a chunk, waits until all have, and reads the rest.
    private static func read(
        from storage: S3Storage, when crowd: Crowd, _ requests: @escaping @Sendable () -> Int
    ) async throws -> [UInt8] {
        try await storage.withObject(try Key("object")) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks {
                if bytes.isEmpty {
                    await crowd.meet()
                    #expect(requests() <= crowd.count * 2, "each would like to have asked for three by now")
                    await crowd.meet()  // None reads on before all have counted.
                }
                bytes += chunk
            }
            return bytes
        }
    }
}

/// Those who wait for each other, as often as they like.
private final class Crowd: Sendable {
    let count: Int
    private let arrivals = Mutex(0)

    init(_ count: Int) { self.count = count }

    /// Returns when all have come as often as this caller, or when a minute is over.
    func meet() async {
        let deadline = ContinuousClock.now + .seconds(60)
        let awaited = arrivals.withLock { arrivals in
            arrivals += 1
            return (arrivals + count - 1) / count * count
        }
        while arrivals.withLock({ $0 }) < awaited, !Task.isCancelled, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}

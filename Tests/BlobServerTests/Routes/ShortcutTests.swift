import BlobCluster
import BlobServer
import BlobStore
import Synchronization
import TestSupport
import Testing

/// Each answer is compared with the first one, which the storage was read for.
@Suite("Packages that were read a moment ago")
struct ShortcutTests {
    private static let content = Array("0123456789".utf8)
    private static let target = "/feeds/npm/packages/a/b.tgz"

    private static func get(_ fields: String..., of target: String = target, method: String = "GET") -> String {
        ([method + " \(target) HTTP/1.1", "Host: a"] + fields + ["", ""]).joined(separator: "\r\n")
    }

    /// A head without what differs from answer to answer.
    private static func lasting(_ answer: RawAnswer) -> [Substring] {
        answer.head.split(separator: "\r\n").filter { line in
            !["date:", "x-request-id:"].contains { line.lowercased().hasPrefix($0) }
        }
    }

    /// What counts what is remembered must not depend on how fast a machine is.
    private static func remembering(_ settings: inout NodeSettings) {
        settings.caching.feedBound = .seconds(3_600)
        settings.caching.recordBound = .seconds(3_600)
        settings.timing.heartbeat = .seconds(3_600)
        settings.timing.silence = .seconds(7_200)
    }

    private static func count(_ node: TestNode) async throws -> String? {
        let text = try await node.request("GET", "/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix("blobstore_http_remembered_total ") }
            .map { String($0.drop { $0 != " " }.dropFirst()) }
    }

    @Test("are answered from memory, as they were the first time, and counted and logged")
    func same() async throws {
        let lines = Mutex<[AccessLine]>([])
        try await TestNode.with(Self.remembering, report: { line in lines.withLock { $0.append(line) } }) { node in
            try await node.publish(Self.content, "a/b.tgz")
            let answers = try await RawSocket.talk(to: node.port) { socket in
                try (0..<3).map { number in
                    socket.send(Self.get("X-Request-Id: r\(number)", of: Self.target + "?a=b"))
                    return try socket.answer()
                }
            }
            for (number, answer) in answers.enumerated() {
                #expect(answer.status == 200)
                #expect(answer.body == Self.content)
                #expect(answer.field("x-request-id") == "r\(number)")
                #expect(Self.lasting(answer) == Self.lasting(answers[0]))
            }
            #expect(try await Self.count(node) == "2")
            #expect(await eventually { lines.withLock { $0.count } == 4 })
            for (number, line) in lines.withLock({ $0 }).prefix(3).enumerated() {
                #expect(line.requestID == "r\(number)")
                #expect(line.target == Self.target)
                #expect((line.method, line.status, line.bytes) == ("GET", 200, 10))
                #expect(line.failure == nil)
            }
        }
    }

    @Test("parts, conditions and HEAD are answered as ever, on the same connection")
    func others() async throws {
        try await TestNode.with { node in
            try await node.publish(Self.content, "a/b.tgz")
            try await RawSocket.talk(to: node.port) { socket in
                func answer(_ text: String, isHead: Bool = false) throws -> RawAnswer {
                    socket.send(text)
                    return try socket.answer(isHead: isHead)
                }
                let tag = try answer(Self.get()).field("etag") ?? ""
                #expect(try answer(Self.get("Range: bytes=2-3")).text == "23")
                #expect(try answer(Self.get()).body == Self.content)
                #expect(try answer(Self.get("If-None-Match: \(tag)")).status == 304)
                #expect(try answer(Self.get("If-None-Match: \"x\"")).status == 200)
                #expect(try answer(Self.get("If-Match: \"x\"")).status == 412)
                let head = try answer(Self.get(method: "HEAD"), isHead: true)
                #expect((head.status, head.field("content-length")) == (200, "10"))
                #expect(try answer(Self.get(of: "/feeds/npm/packages/a/")).status == 200)
                #expect(try answer(Self.get(of: "/feeds/npm/packages/a/%62.tgz")).body == Self.content)
                #expect(try answer(Self.get(of: "/feeds/npm/packages/a/../a/b.tgz")).status == 400)
                #expect(try answer(Self.get("Connection: close")).field("connection") == "close")
                #expect(try socket.rest().isEmpty)
            }
        }
    }

    @Test("are gone at once when this node deletes them, and new at once where they may be replaced")
    func changes() async throws {
        try await TestNode.with { node in
            let key = "X-Api-Key: \(try await node.key(.manage))"
            try await node.publish(Self.content, "a/b.tgz")
            try await RawSocket.talk(to: node.port) { socket in
                func status(_ text: String) throws -> Int {
                    socket.send(text)
                    return try socket.answer().status
                }
                for _ in 0..<3 { #expect(try status(Self.get()) == 200) }
                #expect(try status(Self.get(key, method: "DELETE")) == 204)
                #expect(try status(Self.get()) == 410)
                for number in 0..<5 {
                    let path = "/feeds/cache/packages/a"
                    let put = try status(Self.get(key, "Content-Length: 2", of: path, method: "PUT") + "\(number);")
                    #expect(put == (number == 0 ? 201 : 204))
                    for _ in 0..<2 {
                        socket.send(Self.get(of: path))
                        #expect(try socket.answer().text == "\(number);")
                    }
                }
            }
        }
    }

    /// A key that differs from another in its last digit.
    private static func wrong(_ key: String) -> String { key.dropLast() + (key.hasSuffix("0") ? "1" : "0") }

    @Test("are for those alone who may read them")
    func keys() async throws {
        func adjust(_ settings: inout NodeSettings) {
            Self.remembering(&settings)
            settings.anonymous = .feeds([])
        }
        try await TestNode.with(adjust) { node in
            try await node.publish(Self.content, "a/b.tgz")
            let (read, elsewhere) = (try await node.key(.read), try await node.key(.read, in: "cache"))
            try await RawSocket.talk(to: node.port) { socket in
                func answer(_ fields: String...) throws -> RawAnswer {
                    socket.send(Self.get(fields.joined(separator: "\r\n")))
                    return try socket.answer()
                }
                for _ in 0..<3 {
                    let own = try answer("Authorization: Bearer \(read)")
                    #expect(own.status == 200)
                    #expect(own.field("cache-control")?.hasPrefix("private") == true)
                    #expect(try answer("Authorization: Bearer \(Self.wrong(read))").status == 401)
                    #expect(try answer("X-Api-Key: \(elsewhere)").status == 403)
                    #expect(try answer("X-A: b").status == 401)
                }
            }
            let manage = try await node.key(.manage)
            #expect(
                try await node.request("GET", "/metrics", fields: ["X-Api-Key: \(manage)"]).text
                    .contains("\nblobstore_http_remembered_total 2\n"))
        }
    }

    @Test("a thousand requests that come in one piece are answered in order")
    func pipelining() async throws {
        try await TestNode.with { node in
            try await node.publish([7], "a")
            let ids = try await RawSocket.talk(to: node.port) { socket in
                let texts = (0..<1_000).map { Self.get("X-Request-Id: r\($0)", of: "/feeds/npm/packages/a") }
                socket.send(texts.joined())
                return try (0..<1_000).map { _ in try socket.answer().field("x-request-id") }
            }
            #expect(ids == (0..<1_000).map { "r\($0)" })
        }
    }

    @Test("a reader that takes nothing is not answered on and on")
    func stalled() async throws {
        let lines = Mutex<[AccessLine]>([])
        let total = 4_000
        func adjust(_ settings: inout NodeSettings) {
            settings.limits.window = .seconds(1)
            settings.limits.bytesPerSecond = 1_000
        }
        try await TestNode.with(adjust, report: { line in lines.withLock { $0.append(line) } }) { node in
            try await node.publish([UInt8](repeating: 7, count: 16 << 10), "a")
            try await RawSocket.talk(to: node.port) { socket in
                socket.narrow()
                for _ in 0..<total where !socket.send(Self.get(of: "/feeds/npm/packages/a")) { break }
                let deadline = ContinuousClock.now + .seconds(20)
                while lines.withLock({ $0.count < total && $0.last?.failure == nil }), ContinuousClock.now < deadline {
                    yieldThread()
                }
            }
            #expect(lines.withLock { $0.last?.failure } != nil)
            #expect(lines.withLock { $0.count } < total / 2)
        }
    }
}

import BlobHTTP
import BlobSystem
import Glibc
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("The HTTP client")
struct HTTPClientTests {
    private let client = HTTPClient()

    @Test("an answer comes with its status, its fields by any case, and its body")
    func answer() async throws {
        let server = try ScriptedServer { connection in
            while connection.readRequest() != nil { connection.answer(404, headers: "ETag: \"x\"\r\n", "gone") }
        }
        for _ in 0..<3 {
            let response = try await client.send(HTTPRequest("GET", server.url + "/a"))
            #expect(response.status == 404)
            #expect(response.headers["etag"] == "\"x\"")
            #expect(response.body == Array("gone".utf8))
        }
    }

    @Test("method, path, fields and body go over the wire as they are")
    func request() async throws {
        let server = try ScriptedServer { connection in
            guard let (head, body) = connection.readRequest() else { return }
            connection.answer(200, head + String(decoding: body, as: UTF8.self))
        }
        let request = HTTPRequest(
            "POST", server.url + "/a/../b?x=%2F", headers: ["X-Some": "thing", "X-Empty": ""],
            body: .bytes(Array("the body".utf8)))
        let text = String(decoding: try await client.send(request).body, as: UTF8.self)
        #expect(text.hasPrefix("POST /a/../b?x=%2F HTTP/1.1\r\n"))
        #expect(text.contains("X-Some: thing\r\n") && text.contains("X-Empty:\r\n"))
        #expect(!text.contains("Expect"))
        #expect(text.contains("Content-Length: 8\r\n") && text.hasSuffix("\r\n\r\nthe body"))
    }

    @Test("a part of a file is sent")
    func file() async throws {
        let server = try ScriptedServer { connection in
            guard let (_, body) = connection.readRequest() else { return }
            connection.answer(200, String(decoding: body, as: UTF8.self))
        }
        let file = try LinuxCalls().opened(path: "/proc/self/exe", .readOnly)
        let body = HTTPRequest.Body.file(descriptor: file.raw, offset: 1, count: 3)
        let response = try await client.send(HTTPRequest("PUT", server.url + "/", body: body))
        #expect(response.body == Array("ELF".utf8))
        try file.close()
    }

    @Test("interim answers are passed over, however many there are")
    func interim() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            connection.answer(200, "done")
        }
        let request = HTTPRequest("PUT", server.url + "/", body: .bytes([1, 2, 3]))
        #expect(try await client.send(request).body == Array("done".utf8))
    }

    @Test("an answer that comes before the body was sent is taken, and the rest is not sent")
    func early() async throws {
        let drained = Mutex(0)
        let server = try ScriptedServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nno!\n")
            let count = connection.read(64 << 20).count
            drained.withLock { $0 = max($0, count) }
        }
        let body = [UInt8](repeating: 7, count: 64 << 20)
        for _ in 0..<5 {
            let response = try await client.send(HTTPRequest("PUT", server.url + "/", body: .bytes(body)))
            #expect(response.status == 403)
            #expect(response.body == Array("no!\n".utf8))
        }
        #expect(drained.withLock { $0 } < body.count)
    }

    @Test("a server that answers early and resets the connection yields its answer, or an error worth another try")
    func earlyReset() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 4\r\n\r\nno!\n")
            _ = connection.read(64 << 10)
        }
        let body = [UInt8](repeating: 7, count: 8 << 20)
        for _ in 0..<5 {
            do throws(StoreError) {
                let response = try await client.send(HTTPRequest("PUT", server.url + "/", body: .bytes(body)))
                #expect(response.status == 403)
            } catch {
                #expect(error.isRetryable, "\(error)")
            }
        }
    }

    @Test("a body that ends early is an error, collected or streamed")
    func truncated() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 So\r\nContent-Length: 1000\r\n\r\n0123456789")
        }
        let request = HTTPRequest("GET", server.url + "/")
        await expectError(.unavailable) { _ = try await client.send(request) }
        await expectError(.unavailable) {
            try await client.withResponse(request) { (_, chunks) throws(StoreError) in
                for try await _ in chunks {}
            }
        }
    }

    @Test("a kept connection that the server has closed costs no error")
    func keptConnection() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.answer(200, "\(connection.number)")
        }
        for number in 0..<4 {
            let request = HTTPRequest("PUT", server.url + "/", body: .bytes(Array("body".utf8)))
            #expect(try await client.send(request).body == Array("\(number)".utf8))
        }
    }

    @Test("who reads slowly holds the server back, and gets every byte in order")
    func backpressure() async throws {
        let total = 96 << 20
        let sent = Mutex(0)
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 So\r\nContent-Length: \(total)\r\n\r\n")
            for block in 0..<(total >> 16) {
                let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: block), count: 1 << 16)
                if !connection.write(bytes) { return }
                sent.withLock { $0 += bytes.count }
            }
        }
        let request = HTTPRequest("GET", server.url + "/")
        let received = try await client.withResponse(request) { (head, chunks) throws(StoreError) in
            var count = 0
            var mostAhead = 0
            for try await chunk in chunks {
                for index in [0, chunk.count - 1] where chunk[index] != UInt8(truncatingIfNeeded: (count + index) >> 16)
                {
                    Issue.record("another byte than was sent at \(count + index)")
                }
                count += chunk.count
                mostAhead = max(mostAhead, sent.withLock { $0 } - count)
            }
            // What lies in the buffers of the client, and of the two sockets: where nobody reads for a while the system
            // lets those grow to 36 MiB.
            #expect(mostAhead < 48 << 20)
            return count
        }
        #expect(received == total)
    }

    @Test("an answer longer than makes sense is refused")
    func tooLong() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.answer(200, String(repeating: "x", count: 10_000))
        }
        await expectError(.failed) {
            _ = try await client.send(HTTPRequest("GET", server.url + "/"), collectingAtMost: 1_000)
        }
    }

    @Test("a closed port, a reset and silence are unavailable, in bounded time")
    func unavailable() async throws {
        let closed = try ScriptedServer { _ in }.url
        await expectError(.unavailable) { _ = try await client.send(HTTPRequest("GET", closed + "/")) }
        let resetting = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.resetAtEnd()
        }
        await expectError(.unavailable) { _ = try await client.send(HTTPRequest("GET", resetting.url + "/")) }
        let silent = try ScriptedServer { connection in
            while connection.readHead() != nil {}
        }
        var request = HTTPRequest("GET", silent.url + "/")
        request.timeouts.stall = .seconds(1)
        await expectError(.unavailable) { _ = try await client.send(request) }
        request.timeouts = HTTPRequest.Timeouts()
        request.timeouts.total = .milliseconds(200)
        await expectError(.unavailable) { _ = try await client.send(request) }
    }

    @Test("an answer that comes in drops ends as unavailable, though something comes all the time")
    func dripping() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 So\r\nContent-Length: 100000\r\n\r\n")
            while connection.write([1]) { poll(nil, 0, 20) }
        }
        var request = HTTPRequest("GET", server.url + "/")
        request.timeouts.stall = .seconds(1)
        request.timeouts.total = nil
        let error = await #expect(throws: StoreError.self) {
            try await client.withResponse(request) { (_, chunks) async throws(StoreError) in
                for try await _ in chunks {}
            }
        }
        #expect(error?.code == .unavailable)
    }

    @Test("what speaks no HTTP or no TLS is told as that")
    func noHTTP() async throws {
        let secure = try ScriptedServer { connection in
            _ = connection.readHead()
            connection.write([0x15, 3, 1, 0, 2, 2, 0x46])
        }
        let error = await #expect(throws: StoreError.self) {
            try await client.send(HTTPRequest("GET", secure.url + "/"))
        }
        #expect(error?.message.contains("or is it https://") == true)
        let mumbling = try ScriptedServer { connection in
            _ = connection.readHead()
            connection.write("220 mail.example ESMTP\r\n")
        }
        await expectError(.failed) { _ = try await client.send(HTTPRequest("GET", mumbling.url + "/")) }
        let plain = try ScriptedServer { connection in connection.answer(400, "use TLS") }
        await expectError(.failed) { _ = try await client.send(HTTPRequest("GET", "https://127.0.0.1:\(plain.port)/")) }
    }

    @Test("a cancelled request ends at once, and so does one whose reader leaves")
    func cancelled() async throws {
        let arrived = Mutex(false)
        let server = try ScriptedServer { connection in
            _ = connection.readHead()
            arrived.withLock { $0 = true }
            _ = connection.readHead()
        }
        let client = client
        let request = HTTPRequest("GET", server.url + "/")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await expectError(.cancelled) { _ = try await client.send(request) } }
            while !arrived.withLock({ $0 }) { await Task.yield() }
            group.cancelAll()
        }
        let endless = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 So\r\n\r\n")
            while connection.write([UInt8](repeating: 1, count: 1 << 16)) {}
        }
        let first = try await client.withResponse(HTTPRequest("GET", endless.url + "/")) {
            (_, chunks) throws(StoreError) in
            var chunks = chunks.makeAsyncIterator()
            return try await chunks.next()
        }
        #expect(first?.first == 1)
    }

    @Test("an answer whose first field begins with a blank ends a request, and not the process")
    func foldedFirst() async throws {
        let server = try ScriptedServer { connection in
            var number = 0
            while connection.readHead() != nil {
                number += 1
                let blank = number % 2 == 0 ? " folded: x\r\n" : ""
                connection.write("HTTP/1.1 200 So\r\n\(blank)ETag: e\r\nContent-Length: 2\r\n\r\nhi")
            }
        }
        let client = HTTPClient()
        for _ in 0..<50 {
            let status = try? await client.send(HTTPRequest("GET", server.url)).status
            #expect(status == nil || status == 200)
        }
    }
}

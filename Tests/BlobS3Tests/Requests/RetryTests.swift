import BlobHTTP
import BlobS3
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("Requests that are sent again")
struct RetryTests {
    static let passing = [
        ScriptedServer.answer(500, code: "InternalError"), ScriptedServer.answer(503, code: "SlowDown"),
        ScriptedServer.answer(429), ScriptedServer.answer(502), ScriptedServer.answer(504), ScriptedServer.answer(408),
        ScriptedServer.answer(524),
        ScriptedServer.answer(400, code: "RequestTimeout"), ScriptedServer.answer(409, code: "OperationAborted"), "",
    ]

    @Test("what passes is sent again", arguments: passing)
    func transient(_ answer: String) async throws {
        let (server, requests) = try ScriptedServer.answering([answer, ScriptedServer.answer(200, body: "done")])
        let response = try await server.session().send(S3Call("GET", "name"))
        #expect(response.body == Array("done".utf8))
        #expect(requests.all.count == 2)
    }

    @Test("nothing is sent for a task that was cancelled before, but for cleaning up")
    func cancelledBefore() async throws {
        let (server, requests) = try ScriptedServer.answering([ScriptedServer.answer(200)])
        let session = server.session()
        for (repetition, sent) in [(S3Call.Repetition.harmless, 0), (.onlyIfUnsent, 0), (.never, 1)] {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                var call = S3Call("PUT", "name")
                call.repetition = repetition
                _ = try await session.send(call)
            }
            task.cancel()
            var code: StoreError.Code?
            do { try await task.value } catch { code = (error as? StoreError)?.code }
            #expect(code == (sent == 0 ? .cancelled : nil))
            #expect(requests.all.count == sent)
        }
    }

    @Test("an answer that is cut off is asked for again")
    func truncated() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            if connection.number > 0 { return connection.answer(200, "done") }
            connection.write("HTTP/1.1 200 So\r\nContent-Length: 1000\r\n\r\nshort")
        }
        #expect(try await server.session().send(S3Call("GET", "name")).body == Array("done".utf8))
    }

    @Test(
        "what stays as it is is not sent again",
        arguments: [
            (403, "AccessDenied", StoreError.Code.permissionDenied), (404, "NoSuchBucket", .notFound),
            (400, "InvalidBucketName", .invalidArgument), (501, "NotImplemented", .unsupported),
            (412, "PreconditionFailed", .preconditionFailed), (400, "EntityTooLarge", .invalidArgument),
            (400, "KeyTooLongError", .invalidKey), (403, "SignatureDoesNotMatch", .permissionDenied),
        ])
    func permanent(_ status: Int, _ name: String, _ code: StoreError.Code) async throws {
        let (server, requests) = try ScriptedServer.answering([ScriptedServer.answer(status, code: name)])
        await expectError(code) { _ = try await server.session().send(S3Call("GET", "name")) }
        #expect(requests.all.count == 1)
    }

    @Test("a server's Retry-After is waited for")
    func retryAfter() async throws {
        let (server, _) = try ScriptedServer.answering([
            ScriptedServer.answer(503, code: "SlowDown", headers: "Retry-After: 7\r\n"), ScriptedServer.answer(200),
        ])
        let time = ManualTime()
        _ = try await server.session(time).send(S3Call("GET", "name"))
        #expect(time.slept == [.seconds(7)])
    }

    @Test(
        "a time in Retry-After is one of the server's clock, and one that has passed is now",
        arguments: [("Sun, 30 Aug 2020 12:36:09 GMT", 9), ("Sun, 30 Aug 2020 12:30:00 GMT", 0)])
    func retryDate(_ date: String, _ seconds: Int) async throws {
        let fields = "Date: Sun, 30 Aug 2020 12:36:00 GMT\r\nRetry-After: \(date)\r\n"
        let (server, _) = try ScriptedServer.answering([
            ScriptedServer.answer(503, code: "SlowDown", headers: fields), ScriptedServer.answer(200),
        ])
        let time = ManualTime()
        _ = try await server.session(time).send(S3Call("GET", "name"))
        #expect(time.slept == [max(.seconds(seconds), .milliseconds(100))])
    }

    @Test("signing again for a clock or for new credentials takes from the process's budget, too")
    func corrected() async throws {
        let refusal = ScriptedServer.answer(
            403, code: "RequestTimeTooSkewed", headers: "Date: Sun, 30 Aug 2015 13:36:00 GMT\r\n")
        let (server, requests) = try ScriptedServer.answering([refusal, ScriptedServer.answer(200)])
        await expectError(.permissionDenied) {
            _ = try await server.session(budget: RetryBudget(capacity: 0)).send(S3Call("GET", "name"))
        }
        #expect(requests.all.count == 1)
    }

    @Test("a conditional request is not sent again once a server may have seen it")
    func conditional() async throws {
        for answer in [
            ScriptedServer.answer(500, code: "UnknownError"), ScriptedServer.answer(503, code: "SlowDown"), "",
        ] {
            let (server, requests) = try ScriptedServer.answering([answer, ScriptedServer.answer(200)])
            var call = S3Call("PUT", "name")
            try call.set(body: Array("body".utf8), contentType: "text/plain")
            call.repetition = .onlyIfUnsent
            await expectError(.unavailable) { _ = try await server.session().send(call) }
            #expect(requests.all.count == 1)
        }
    }

    @Test("a clock that is off is learnt from the server, once, and signed with from then on")
    func skew() async throws {
        let refusal = ScriptedServer.answer(
            403, code: "RequestTimeTooSkewed", headers: "Date: Sun, 30 Aug 2015 13:36:00 GMT\r\n")
        let (server, requests) = try ScriptedServer.answering([refusal, ScriptedServer.answer(200)])
        let session = server.session()
        _ = try await session.send(S3Call("GET", "name"))
        _ = try await session.send(S3Call("GET", "name"))
        #expect(requests.all.map { $0.contains("x-amz-date: 20150830T133600Z") } == [false, true, true])
        let (stubborn, asked) = try ScriptedServer.answering([refusal])
        await expectError(.permissionDenied) { _ = try await stubborn.session().send(S3Call("GET", "name")) }
        #expect(asked.all.count == 2)
    }

    @Test(
        "a web page with the status of a success is told as one, at once",
        arguments: ["Content-Type: text/html\r\n", ""])
    func page(_ fields: String) async throws {
        let answer = ScriptedServer.answer(200, headers: fields, body: "<!DOCTYPE html><html><p>Welcome</html>")
        let (server, requests) = try ScriptedServer.answering([answer])
        let storage = S3Storage(server.session(), prefix: "", address: "s3://bucket")
        for look in [
            { () async throws in try await storage.prepareRoot() },
            { () async throws in _ = try await storage.readRecord(try Key("root.json")) },
        ] {
            let error = await #expect(throws: StoreError.self) { try await look() }
            #expect(error?.code == .failed && error?.message.contains("answers with a web page") == true)
        }
        #expect(requests.all.count == 2)
    }

    @Test(
        "an answer to HEAD that tells no reason may be about expired credentials: they are fetched anew, once",
        arguments: [400, 403])
    func silentExpiry(_ status: Int) async throws {
        for isExpired in [true, false] {
            let (server, requests) = try ScriptedServer.answering(
                [ScriptedServer.answer(status), ScriptedServer.answer(isExpired ? 200 : status)])
            let fetched = Mutex(0)
            let keys = S3Session.KeySource { () async throws(StoreError) in
                AccessKey(id: "name\(fetched.withLock { $0 })", secret: "secret")
            } reject: { _ in
                fetched.withLock { $0 += 1 }
            }
            let session = server.session(keys: keys)
            for _ in 0..<3 {
                let call = S3Call("HEAD", "name")
                if isExpired {
                    _ = try await session.send(call)
                } else {
                    let error = await #expect(throws: StoreError.self) { _ = try await session.send(call) }
                    #expect(error?.isRetryable == false)
                }
            }
            #expect(fetched.withLock { $0 } == 1)
            #expect(requests.all.count == 4)
            #expect(requests.all.map { $0.contains("Credential=name1/") } == [false, true, true, true])
        }
    }

    @Test("credentials that stay the same are no reason to ask again")
    func sameKey() async throws {
        let (server, requests) = try ScriptedServer.answering([ScriptedServer.answer(403)])
        await expectError(.permissionDenied) { _ = try await server.session().send(S3Call("HEAD", "name")) }
        #expect(requests.all.count == 1)
    }

    @Test("what is no answer of S3's is asked for again a few times, and no more")
    func malformed() async throws {
        let (server, requests) = try ScriptedServer.answering([ScriptedServer.answer(200, body: "<ListBucketResult>")])
        await expectError(.failed) {
            _ = try await server.session().send(S3Call("GET", nil), for: ObjectListingAnswer.self)
        }
        #expect(requests.all.count == 4)
    }

    @Test("a refusal counts as what its status says, however long the page is that tells it", arguments: [503, 404])
    func longPage(_ status: Int) async throws {
        let page = "<html>" + String(repeating: "all our servers are busy ", count: 1 << 20)
        let (server, requests) = try ScriptedServer.answering([
            ScriptedServer.answer(status, body: page), ScriptedServer.answer(200, body: "done"),
        ])
        let session = server.session()
        for isStreamed in [false, true] {
            let before = requests.all.count
            func look() async throws(StoreError) {
                if isStreamed {
                    _ = try await session.open(S3Call("GET", "name"), bufferingAtMost: 1 << 20).collect(100)
                } else {
                    _ = try await session.send(S3Call("GET", "name"), collectingAtMost: 1 << 20)
                }
            }
            if status == 404, !isStreamed {
                let error = await #expect(throws: StoreError.self) { try await look() }
                #expect(error?.message.contains("web page") == true)
            } else {
                try await look()
            }
            #expect(requests.all.count - before <= 2)
        }
    }

    @Test("an archived object is told as that")
    func archived() async throws {
        let (server, _) = try ScriptedServer.answering([ScriptedServer.answer(403, code: "InvalidObjectState")])
        let error = await #expect(throws: StoreError.self) {
            _ = try await server.session().send(S3Call("GET", "name"))
        }
        #expect(error?.code == .unavailable && error?.isRetryable == false)
        #expect(error?.message.contains("archived") == true && error?.message.contains("restore it") == true)
    }

    @Test("an error inside of a success is one, and is sent again where that helps")
    func errorInside() async throws {
        let error = ScriptedServer.answer(200, code: "InternalError")
        let copied = ScriptedServer.answer(200, body: "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
        let (server, _) = try ScriptedServer.answering([error, ScriptedServer.answer(200, body: "garbage"), copied])
        let answer = try await server.session().send(S3Call("PUT", "name"), for: ObjectCopiedAnswer.self).answer
        #expect(answer.etag == "e")
        let (refusing, _) = try ScriptedServer.answering([ScriptedServer.answer(200, code: "AccessDenied")])
        let late = ScriptedServer.answer(200, code: "PreconditionFailed")
        let (taken, _) = try ScriptedServer.answering([late])
        await expectError(.preconditionFailed) {
            _ = try await taken.session().send(S3Call("PUT", "name"), for: ObjectCopiedAnswer.self)
        }
        await expectError(.permissionDenied) {
            _ = try await refusing.session().send(S3Call("PUT", "name"), for: ObjectCopiedAnswer.self)
        }
    }
}

import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("The probe of a server's promises")
struct ProbeTests {
    /// More requests than a probe sends.
    private static let requests = 16

    @Test(
        "is not misled by a failure of any of its requests, whether that was carried out or not",
        arguments: [
            ScriptedServer.answer(500, code: "InternalError"), ScriptedServer.answer(503, code: "SlowDown"),
            ScriptedServer.answer(409, code: "OperationAborted"), ScriptedServer.answer(502), "",
        ])
    func transient(_ answer: String) async throws {
        for failing in 0..<Self.requests {
            for isDone in [false, true] {
                let bucket = BucketServer { number, _ in
                    number != failing ? .none : isDone ? .doneBut(answer) : .instead(answer)
                }
                let (storage, server) = try bucket.storage()
                try await storage.prepareRoot()
                #expect(storage.learnt == .proper, "request \(failing), done: \(isDone)")
                _ = server
            }
        }
    }

    @Test("of a server that always fails ends as unavailable, and nothing is kept of it")
    func failing() async throws {
        let bucket = BucketServer { _, head in
            head.hasPrefix("PUT") ? .instead(ScriptedServer.answer(500, code: "InternalError")) : .none
        }
        let (storage, server) = try bucket.storage()
        await expectError(.unavailable) { try await storage.prepareRoot() }
        #expect(storage.learnt == nil)
        _ = server
    }

    @Test("finds that a server does not know conditions, which is no failure", arguments: [501, 405])
    func unknown(_ status: Int) async throws {
        let bucket = BucketServer { _, head in
            head.contains("If-None-Match") ? .instead(ScriptedServer.answer(status, code: "NotImplemented")) : .none
        }
        let (storage, server) = try bucket.storage()
        await expectError(.unsupported) { try await storage.prepareRoot() }
        #expect(storage.learnt?.holdsCreation == false)
        _ = server
    }
}

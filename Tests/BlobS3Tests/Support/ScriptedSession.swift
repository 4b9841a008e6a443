import BlobS3
import BlobStore
import Synchronization

/// A clock that moves only when somebody waits, so that retries take no time; and chance that is always the same.
final class ManualTime: Sendable {
    private let elapsed = Mutex(Duration.zero)
    private let pauses = Mutex<[Duration]>([])

    /// Every pause that was made.
    var slept: [Duration] { pauses.withLock { $0 } }

    var pacing: Pacing {
        Pacing(
            wallTime: { UTCTime(seconds: 1_440_938_160).advanced(by: self.elapsed.withLock { $0 }) },
            now: { self.elapsed.withLock { $0 } }, random: { 1 },
            sleep: { pause in
                try Task.checkCancellation()
                self.elapsed.withLock { $0 += pause }
                self.pauses.withLock { $0.append(pause) }
            })
    }
}

extension ScriptedServer {
    /// A session with this server, in manual time.
    func session(_ time: ManualTime = ManualTime(), budget: RetryBudget = RetryBudget()) -> S3Session {
        let key = AccessKey(id: "name", secret: "secret")
        return S3Session(
            BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: url),
            keys: S3Session.KeySource { () async throws(StoreError) in key }, client: HTTPClient(), budget: budget,
            pacing: time.pacing)
    }

    /// Answers each request with the next of the answers, and with the last of them from then on.
    static func answering(_ answers: [String]) throws -> (server: ScriptedServer, requests: Requests) {
        let requests = Requests()
        let server = try ScriptedServer { connection in
            while let (head, _) = connection.readRequest() {
                let number = requests.add(head)
                let answer = answers[min(number, answers.count - 1)]
                if answer.isEmpty { return connection.resetAtEnd() }
                connection.write(answer)
            }
        }
        return (server, requests)
    }

    /// An answer with a body of S3's.
    static func answer(_ status: Int, code: String? = nil, headers: String = "", body: String? = nil) -> String {
        let error = code.map { "<Error><Code>\($0)</Code><Message>words</Message></Error>" }
        let body = body ?? error ?? ""
        return "HTTP/1.1 \(status) So\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// The heads of requests that a server got.
final class Requests: Sendable {
    private let heads = Mutex<[String]>([])

    var all: [String] { heads.withLock { $0 } }

    fileprivate func add(_ head: String) -> Int {
        heads.withLock { heads in
            heads.append(head)
            return heads.count - 1
        }
    }
}

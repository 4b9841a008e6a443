import BlobHTTP
import BlobS3
import Logging
import ObjectStorage
import Synchronization
import TestSupport

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
    func session(
        _ time: ManualTime = ManualTime(), budget: RetryBudget = RetryBudget(), keys: S3Session.KeySource? = nil,
        logger: Logger = Logger(label: "blobstore.s3")
    ) -> S3Session {
        let key = AccessKey(id: "name", secret: "secret")
        return S3Session(
            BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: url),
            keys: keys ?? S3Session.KeySource { () async throws(StoreError) in key }, client: HTTPClient(),
            budget: budget,
            pacing: time.pacing, logger: logger)
    }

    /// The time of a change, as listings tell it.
    static let modified = "<LastModified>2015-08-30T12:36:00.000Z</LastModified>"

    /// An answer with a body of S3's.
    static func answer(_ status: Int, code: String? = nil, headers: String = "", body: String? = nil) -> String {
        let error = code.map { "<Error><Code>\($0)</Code><Message>words</Message></Error>" }
        let body = body ?? error ?? ""
        return "HTTP/1.1 \(status) So\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

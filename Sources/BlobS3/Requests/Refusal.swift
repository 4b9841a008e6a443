package import BlobHTTP
internal import ObjectStorage

/// An answer that is no success.
package struct Refusal: Sendable, Equatable {
    package var status: Int
    /// S3's code; nil where the answer told none (a HEAD has no body).
    package var code: String?
    package var message = ""
    package var requestID: String?
    /// The bucket's own region, where the server told it.
    package var region: String?
    package var endpoint: String?
    package var retryAfter: Duration?
    /// The server's clock.
    package var date: UTCTime?
    /// Whether it looks like a web page.
    package var isPage = false
    /// Whether it says that it was spoken to without the TLS that it wants.
    package var wantsTLS = false

    package init(status: Int, code: String? = nil) {
        self.status = status
        self.code = code
    }

    package init(_ response: HTTPResponse) {
        status = response.status
        let answer = response.body.isEmpty ? nil : try? ErrorAnswer.parse(response.body)
        code = answer?.code
        message = answer?.message ?? ""
        requestID = response.headers["x-amz-request-id"] ?? answer?.requestID
        region = response.headers["x-amz-bucket-region"] ?? answer?.region
        endpoint = answer?.endpoint
        let date = response.headers["Date"].flatMap { UTCTime(httpDate: $0) }
        retryAfter = response.headers["Retry-After"].flatMap { Self.pause($0, from: date) }
        self.date = date
        isPage = answer == nil && Self.isPage(response)
        // What Go's server and nginx say, each in other words.
        wantsTLS = status == 400 && answer == nil && String(decoding: response.body, as: UTF8.self).contains("HTTPS")
    }

    private static func isPage(_ response: HTTPResponse) -> Bool {
        if response.headers["Content-Type"]?.lowercased().hasPrefix("text/html") == true { return true }
        let beginning = String(decoding: response.body.prefix(100), as: UTF8.self).lowercased()
        return ["<!doctype html", "<html"].contains { beginning.hasPrefix($0) }
    }

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch (status, code) {
        case (_, "SlowDown"), (_, "RequestTimeout"), (_, "InternalError"), (_, "ServiceUnavailable"),
            (_, "OperationAborted"), (_, "ConditionalRequestConflict"):
            true
        case (408, _), (429, _): true
        // 501 and 505: the server cannot; 507: it is full; 511: a network wants a login. What else has gone wrong
        // there, and at whatever stands before it, may pass.
        case (500..<600, _): ![501, 505, 507, 511].contains(status)
        default: false
        }
    }

    /// Seconds, or a time by the server's clock.
    /// - Source: RFC 9110, section 10.2.3.
    private static func pause(_ text: String, from date: UTCTime?) -> Duration? {
        if let seconds = Int64(text) { return seconds >= 0 ? .seconds(seconds) : nil }
        guard let date, let end = UTCTime(httpDate: text) else { return nil }
        return max(end.since(date), .zero)
    }

    /// Whether credentials that were renewed would help: a key that is not known may be one that was rotated away.
    package var isOfExpiredCredentials: Bool {
        ["ExpiredToken", "TokenRefreshRequired", "InvalidAccessKeyId"].contains(code)
    }
}

/// An answer, and what it says in XML.
struct Reply<Answer: XMLAnswer> {
    var response: HTTPResponse
    var answer: Answer?

    init(_ response: HTTPResponse) throws(StoreError) {
        self.response = response
        if !response.head.isSuccess { return }
        do throws(StoreError) { answer = try Answer.parse(response.body) } catch {
            guard let inside = try? ErrorAnswer.parse(response.body) else { throw error }
            self.response.head.status = ["InternalError", "SlowDown"].contains(inside.code) ? 500 : 400
        }
    }
}

extension Refusal {
    /// Whether the server has more to do than it can.
    var asksToSlowDown: Bool { status == 503 || status == 429 }
}

/// Why an attempt failed, and whether another may be made.
struct Failure {
    let error: StoreError
    let mayRepeat: Bool
    var retryAfter: Duration?

    init(_ refusal: Refusal, error: StoreError, of call: S3Call) {
        self.error = error
        mayRepeat = refusal.isTransient && call.repetition == .harmless
        retryAfter = refusal.retryAfter
    }

    init(_ error: StoreError, _ call: S3Call) {
        self.error = error
        switch call.repetition {
        case .harmless: mayRepeat = error.isRetryable
        case .onlyIfUnsent: mayRepeat = error.isRetryable && error.wasNeverSent
        case .never: mayRepeat = false
        }
    }
}

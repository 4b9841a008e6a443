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
        retryAfter = response.headers["Retry-After"].flatMap { Int64($0) }.map { .seconds($0) }
        date = response.headers["Date"].flatMap { UTCTime(httpDate: $0) }
        isPage = answer == nil && response.headers["Content-Type"]?.lowercased().hasPrefix("text/html") == true
    }

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch (status, code) {
        case (_, "SlowDown"), (_, "RequestTimeout"), (_, "InternalError"), (_, "ServiceUnavailable"),
            (_, "OperationAborted"), (_, "ConditionalRequestConflict"):
            true
        case (429, _), (500, _), (502, _), (503, _), (504, _): true
        default: false
        }
    }

    /// Whether credentials that were renewed would help.
    package var isOfExpiredCredentials: Bool { code == "ExpiredToken" || code == "TokenRefreshRequired" }
}

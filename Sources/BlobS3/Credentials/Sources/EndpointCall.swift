internal import BlobHTTP
internal import Logging
internal import ObjectStorage

/// Requests to an endpoint that gives out credentials: few tries, short waits, small answers.
struct EndpointCall: Sendable {
    /// How a person would name the endpoint.
    let name: String
    private let client: HTTPClient
    private let logger: Logger
    private let attempts: Int
    /// How many of them while nothing answers at all.
    private let silentAttempts: Int
    private let connectLimit: Duration
    private let totalLimit: Duration

    /// A longer answer is none with credentials.
    private static let maximumBytes = 256 << 10

    init(
        _ lookup: Lookup, name: String, attempts: Int = 3, silentAttempts: Int = 3,
        connectLimit: Duration = .seconds(2),
        totalLimit: Duration = .seconds(3)
    ) {
        self.name = name
        self.attempts = attempts
        self.silentAttempts = silentAttempts
        self.connectLimit = connectLimit
        self.totalLimit = totalLimit
        client = lookup.client
        logger = lookup.logger
    }

    /// Sends a request until it is answered with something else than "later". Each attempt that failed is told at `-v`.
    /// - Throws: `unavailable` when there is no answer within time; `failed`; `cancelled`.
    func answer(to request: HTTPRequest) async throws(StoreError) -> HTTPResponse {
        var request = request
        request.timeouts.connect = connectLimit
        request.timeouts.stall = totalLimit
        request.timeouts.total = totalLimit
        var failure = StoreError(.unavailable, "\(name) was not asked")
        var isSilent = true
        for attempt in 1...attempts {
            if attempt > 1 { try await pause(beforeAttempt: attempt) }
            do throws(StoreError) {
                let response = try await client.send(request, collectingAtMost: Self.maximumBytes)
                guard response.status >= 500 || response.status == 429 else { return response }
                failure = refusal(response.status)
                isSilent = false
            } catch {
                guard error.isRetryable, error.code != .cancelled else { throw named(error) }
                failure = named(error)
            }
            logger.info("attempt \(attempt) of \(attempts) to get credentials failed: \(failure.message)")
            if isSilent, attempt >= silentAttempts { break }
        }
        throw failure
    }

    /// An answer that is no success. Its body is not told: nothing says that it holds no token.
    func refusal(_ status: Int) -> StoreError {
        let cause = StoreError.Cause.http(status: status, code: nil, requestID: nil)
        if status >= 500 || status == 429 {
            return StoreError(.unavailable, "\(name) answers with HTTP status \(status); try again later", cause: cause)
        }
        let code: StoreError.Code = status == 401 || status == 403 ? .permissionDenied : .failed
        return StoreError(code, "\(name) refuses to give credentials with HTTP status \(status)", cause: cause)
    }

    private func named(_ error: StoreError) -> StoreError {
        StoreError(
            error.code, "\(name) gives no credentials: \(error.message)", isRetryable: error.isRetryable,
            cause: error.cause)
    }

    /// Exponential with full jitter.
    private func pause(beforeAttempt attempt: Int) async throws(StoreError) {
        do { try await Task.sleep(for: .milliseconds(Int.random(in: 1...(100 << min(attempt, 5))))) } catch {
            throw StoreError(.cancelled, "cancelled while waiting for \(name)")
        }
    }
}

package import BlobStore
package import Logging
internal import Synchronization

/// A bucket's connections: signs calls, sends them, sends them again where that helps, and classifies what comes back.
package final class S3Session: Sendable {
    /// Where keys to sign with come from.
    package struct KeySource: Sendable {
        package let key: @Sendable () async throws(StoreError) -> AccessKey
        /// Told of a key that the server says has expired.
        package let reject: @Sendable (AccessKey) -> Void

        package init(
            key: @escaping @Sendable () async throws(StoreError) -> AccessKey,
            reject: @escaping @Sendable (AccessKey) -> Void = { _ in }
        ) {
            self.key = key
            self.reject = reject
        }
    }

    package let address: BucketAddress
    /// Names who asks: what one session may read, another of the same account may copy.
    package let account: String
    let client: HTTPClient
    let pacing: Pacing
    private let keys: KeySource
    private let policy: RetryPolicy
    private let budget: RetryBudget
    private let patience: HTTPRequest.Patience
    private let logger: Logger
    private let clock = ServerClock()
    private let hasAnswered = Atomic(false)

    package init(
        _ address: BucketAddress, account: String = "", keys: KeySource, client: HTTPClient,
        policy: RetryPolicy = RetryPolicy(), budget: RetryBudget = .shared,
        patience: HTTPRequest.Patience = HTTPRequest.Patience(), pacing: Pacing = .real,
        logger: Logger = Logger(label: "blobstore.s3")
    ) {
        self.address = address
        self.account = account
        self.keys = keys
        self.client = client
        self.policy = policy
        self.budget = budget
        self.patience = patience
        self.pacing = pacing
        self.logger = logger
    }

    /// The key to sign with now.
    func currentKey() async throws(StoreError) -> AccessKey { try await keys.key() }

    /// Sends a call and collects the answer.
    /// - Throws: what the refusal or the failure of the last attempt means.
    package func send(_ call: S3Call, collectingAtMost limit: Int = 8 << 20) async throws(StoreError) -> HTTPResponse {
        try await repeating(call) { (request) async throws(StoreError) in
            try await self.client.send(request, collectingAtMost: limit, isShielded: call.repetition == .never)
        } answer: { (response) async throws(StoreError) in
            response
        }
    }

    /// What became of a call that is not sent again once a server may have seen it.
    package enum Fate: Sendable {
        case answered(HTTPResponse)
        /// Nothing was done: the server refused it, or nothing was sent.
        case refused(StoreError)
        /// It may have been done.
        case doubtful(StoreError)
    }

    /// Sends a call that is not repeated, and tells what is certain of it.
    package func fate(of call: S3Call) async -> Fate {
        do throws(StoreError) { _ = try await keys.key() } catch { return .refused(error) }
        do throws(StoreError) { return .answered(try await send(call)) } catch {
            return error.leavesDoubt ? .doubtful(error) : .refused(error)
        }
    }

    /// Sends a call, and reads its answer as XML; what is no such answer is asked for again, where that is harmless.
    ///
    /// A server may begin to answer 200 before it knows, and then tell an error: that counts as one.
    package func send<Answer: XMLAnswer>(
        _ call: S3Call, for: Answer.Type
    ) async throws(StoreError) -> (answer: Answer, head: HTTPHead) {
        let reply = try await repeating(call) { (request) async throws(StoreError) -> Reply<Answer> in
            let response = try await self.client.send(request)
            do throws(StoreError) { return try Reply(response) } catch {
                throw Refusal(response).isPage ? self.strange(response) : error
            }
        } answer: { (reply) async throws(StoreError) in
            reply.response
        }
        guard let answer = reply.answer else { throw error(Refusal(reply.response)) }
        return (answer, reply.response.head)
    }

    /// Sends a call, and hands out the answer as soon as its head is there.
    package func open(_ call: S3Call, bufferingAtMost limit: Int) async throws(StoreError) -> HTTPStream {
        try await repeating(call) { (request) async throws(StoreError) in
            var request = request
            request.patience.total = nil
            return try await self.client.open(request, bufferingAtMost: limit)
        } answer: { (stream) async throws(StoreError) in
            HTTPResponse(stream.head, body: call.accepts(stream.head.status) ? [] : try await stream.collect(64 << 10))
        }
    }

    /// Sends a call without waiting for its answer, and without a second try: for what is fetched ahead.
    package func begin(_ call: S3Call, bufferingAtMost limit: Int) async throws(StoreError) -> HTTPPending {
        var request = try signed(call, try await keys.key())
        request.patience.total = nil
        return client.begin(request, bufferingAtMost: limit)
    }

    private func repeating<Reply>(
        _ call: S3Call, _ send: (HTTPRequest) async throws(StoreError) -> Reply,
        answer: (Reply) async throws(StoreError) -> HTTPResponse
    ) async throws(StoreError) -> Reply {
        var attempts: Attempts? = self.attempts()
        var corrections = Corrections()
        while true {
            let failure: Failure
            do throws(StoreError) {
                let key = try await keys.key()
                // Else all of a small request may be sent before its cancellation arrives.
                if call.repetition != .never, Task.isCancelled {
                    throw StoreError(.cancelled, "cancelled before \(call.title) was sent")
                }
                let reply = try await send(try signed(call, key))
                let response = try await answer(reply)
                hasAnswered.store(true, ordering: .relaxed)
                if call.accepts(response.status) {
                    budget.refund()
                    return reply
                }
                let refusal = Refusal(response)
                failure = Failure(refusal, error(refusal), call)
                if correct(refusal, key, &corrections), mayGoOn(after: failure.error, call) { continue }
            } catch {
                failure = Failure(error, call)
            }
            guard failure.mayRepeat else { throw failure.error }
            try await pause(&attempts, after: failure.error, call.title, retryAfter: failure.retryAfter)
        }
    }
}

// MARK: - Trying again

extension S3Session {
    /// The attempts of something that begins now.
    private func attempts() -> Attempts {
        Attempts(policy, isServerKnown: hasAnswered.load(ordering: .relaxed), now: pacing.now())
    }

    /// Waits before another attempt. Whatever is tried again passes here: each time is told at `-v`, and taken from the
    /// budget of the process.
    /// - Parameters:
    ///   - attempts: nil before the first pause of what is tried.
    ///   - title: of what is tried.
    /// - Throws: `error` where there is to be no other attempt; `cancelled`.
    func pause(
        _ attempts: inout Attempts?, after error: StoreError, _ title: String, retryAfter: Duration? = nil
    ) async throws(StoreError) {
        var counted = attempts ?? self.attempts()
        let pause = counted.pause(
            retryAfter: retryAfter, budget: budget, now: pacing.now(), random: pacing.random())
        attempts = counted
        guard let pause else { throw error }
        logger.info(
            "attempt \(counted.count) of \(title) failed: \(error.message)", metadata: ["pause": "\(pause)"])
        do { try await pacing.sleep(pause) } catch {
            throw StoreError(.cancelled, "cancelled while waiting to send a request again")
        }
    }

    /// The same without a pause, where what was refused has been put right.
    private func mayGoOn(after error: StoreError, _ call: S3Call) -> Bool {
        guard budget.take(now: pacing.now()) else { return false }
        logger.info("\(call.title) is signed again: \(error.message)")
        return true
    }
}

// MARK: - Signing

extension S3Session {
    private func signed(_ call: S3Call, _ key: AccessKey) throws(StoreError) -> HTTPRequest {
        let time = clock.time(pacing.wallTime())
        var headers = call.headers
        headers["Host"] = address.host
        headers["x-amz-date"] = time.compact
        headers["x-amz-content-sha256"] = call.payloadHash
        headers["x-amz-security-token"] = key.sessionToken
        let path = address.path(call.name)
        let subject = Signature.Subject(
            call.method, path: path, query: call.query, headers: headers, payloadHash: call.payloadHash)
        guard let authorization = Signature(key, region: address.region, at: time).authorization(of: subject) else {
            throw StoreError.withoutSHA256
        }
        headers["Authorization"] = authorization
        headers["Host"] = nil  // curl's own is the same.
        let query = call.query.isEmpty ? "" : "?" + Signature.canonical(call.query)
        var request = HTTPRequest(call.method, address.origin + path + query, headers: headers, body: call.body)
        request.patience = patience
        if call.answersLate { request.patience.stall = patience.lateAnswer }
        if call.repetition == .never { request.patience.total = .seconds(10) }
        request.mayBeResent = call.repetition == .harmless
        return request
    }

    /// What was put right once for a call, so that it is not tried for ever.
    private struct Corrections {
        var hasSetClock = false
        var hasRenewedKey = false
    }

    /// Puts right what the refusal says is wrong on our side.
    /// - Returns: whether to sign and send again: such a refusal means that nothing was done.
    private func correct(_ refusal: Refusal, _ key: AccessKey, _ corrections: inout Corrections) -> Bool {
        if refusal.isOfExpiredCredentials, !corrections.hasRenewedKey {
            corrections.hasRenewedKey = true
            keys.reject(key)
            return true
        }
        guard refusal.status == 403 || refusal.status == 400, !corrections.hasSetClock else { return false }
        corrections.hasSetClock = true
        return clock.learn(refusal.date, wallTime: pacing.wallTime())
    }

    /// What a success without what S3's answers have means here.
    func strange(_ response: HTTPResponse) -> StoreError { StoreError(strange: response, at: address) }

    /// What a refusal means here.
    package func error(_ refusal: Refusal) -> StoreError {
        StoreError(refusal, at: address, skew: refusal.date.map { $0.since(pacing.wallTime()) })
    }
}

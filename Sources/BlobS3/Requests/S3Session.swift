package import BlobHTTP
package import Logging
package import ObjectStorage
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

        package init(_ provider: CredentialProvider) {
            self.init { () async throws(StoreError) in
                try await provider.credentials().key
            } reject: {
                provider.reject($0)
            }
        }
    }

    package let address: BucketAddress
    /// Names who asks: what one session may read, another of the same account may copy.
    package let account: String
    private let terms: WriteTerms
    let client: HTTPClient
    let retries: Retrier
    /// So many requests to this bucket are under way.
    private let limit: RequestLimit
    private let keys: KeySource
    private let timeouts: HTTPRequest.Timeouts
    private let clock = ServerClock()
    /// The last key that was fetched since a refusal did not tell its reason.
    private let freshKey = Mutex<AccessKey?>(nil)

    package init(
        _ address: BucketAddress, account: String = "", terms: WriteTerms = WriteTerms(), keys: KeySource,
        client: HTTPClient,
        policy: RetryPolicy = RetryPolicy(), budget: RetryBudget = .shared,
        timeouts: HTTPRequest.Timeouts = HTTPRequest.Timeouts(), pacing: Pacing = .real,
        logger: Logger = Logger(label: "blobstore.s3")
    ) {
        self.address = address
        self.account = account
        self.terms = terms
        self.keys = keys
        self.client = client
        retries = Retrier(policy: policy, budget: budget, pacing: pacing, logger: logger)
        self.timeouts = timeouts
        limit = RequestLimit(now: pacing.now)
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
        case refused(StoreError, retryAfter: Duration? = nil)
        /// It may have been done.
        case doubtful(StoreError, retryAfter: Duration? = nil)
    }

    /// Sends a call that is not repeated, and tells what is certain of it.
    package func fate(of call: S3Call) async -> Fate {
        do throws(StoreError) { _ = try await keys.key() } catch { return .refused(error) }
        var retryAfter: Duration?
        do throws(StoreError) {
            return .answered(
                try await repeating(call) { (request) async throws(StoreError) in
                    try await self.client.send(request)
                } answer: { (response) async throws(StoreError) in
                    response
                } gaveUp: {
                    retryAfter = $0.retryAfter
                })
        } catch {
            return error.leavesDoubt
                ? .doubtful(error, retryAfter: retryAfter) : .refused(error, retryAfter: retryAfter)
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
            request.timeouts.total = nil
            return try await self.client.open(request, bufferingAtMost: limit)
        } answer: { (stream) async throws(StoreError) in
            HTTPResponse(
                stream.head, body: call.accepts(stream.head.status) ? [] : try await stream.beginning(64 << 10))
        }
    }

    /// Sends a call without waiting for its answer, and without a second try: for what is fetched ahead.
    package func begin(_ call: S3Call, bufferingAtMost limit: Int) async throws(StoreError) -> HTTPPending {
        var request = try signed(call, try await keys.key())
        request.timeouts.total = nil
        return client.begin(request, bufferingAtMost: limit)
    }

    private func repeating<Reply>(
        _ call: S3Call, _ send: (HTTPRequest) async throws(StoreError) -> Reply,
        answer: (Reply) async throws(StoreError) -> HTTPResponse, gaveUp: (Failure) -> Void = { _ in }
    ) async throws(StoreError) -> Reply {
        var attempts: Attempts? = retries.attempts()
        var corrections = Corrections()
        while true {
            let failure: Failure
            do throws(StoreError) {
                let key = try await keys.key()
                // Else all of a small request may be sent before its cancellation arrives.
                if call.repetition != .never, Task.isCancelled {
                    throw StoreError(.cancelled, "cancelled before \(call.title) was sent")
                }
                let (reply, response) = try await passing(call) { () async throws(StoreError) in
                    let reply = try await send(try signed(call, key))
                    return (reply, try await answer(reply))
                }
                retries.noteAnswer()
                if call.accepts(response.status) {
                    try terms.check(response, to: call, at: address.endpoint)
                    retries.noteSuccess()
                    return reply
                }
                let refusal = Refusal(response)
                if refusal.asksToSlowDown { limit.slowDown() }
                failure = Failure(refusal, error: terms.explained(error(refusal), to: call), of: call)
                if await correct(refusal, of: call, key, &corrections),
                    retries.mayGoOn(after: failure.error, call.title)
                {
                    continue
                }
            } catch {
                failure = Failure(error, call)
            }
            if failure.error.isOfMalformedAnswer { corrections.malformedAnswers += 1 }
            gaveUp(failure)
            guard failure.mayRepeat, corrections.malformedAnswers < Corrections.malformedAnswersAtMost else {
                throw failure.error
            }
            try await retries.pause(&attempts, after: failure.error, call.title, retryAfter: failure.retryAfter)
        }
    }
}

extension S3Session {
    /// Waits for room among the requests that are under way; not for cleaning up, which goes on when it is cancelled.
    private func passing<Value>(
        _ call: S3Call, _ request: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        call.repetition == .never ? try await request() : try await limit.pass(request)
    }
}

// MARK: - Signing

extension S3Session {
    private func signed(_ call: S3Call, _ key: AccessKey) throws(StoreError) -> HTTPRequest {
        let time = clock.time(retries.pacing.wallTime())
        var headers = call.headers
        terms.add(to: &headers, of: call, in: address.bucket)
        // Signed as it is sent: curl's own may be written in another way.
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
        let query = call.query.isEmpty ? "" : "?" + Signature.canonical(call.query)
        var request = HTTPRequest(call.method, address.origin + path + query, headers: headers, body: call.body)
        request.timeouts = timeouts
        if call.answersLate { request.timeouts.stall = timeouts.lateAnswer }
        if call.repetition == .never { request.timeouts.total = .seconds(10) }
        request.mayBeResent = call.repetition == .harmless
        return request
    }

    /// What was put right once for a call, so that it is not tried for ever.
    private struct Corrections {
        /// What is no answer of S3's is likely to be none the next time.
        static let malformedAnswersAtMost = 4

        var hasSetClock = false
        var hasRenewedKey = false
        var malformedAnswers = 0
    }

    /// Puts right what the refusal says is wrong on our side.
    /// - Returns: whether to sign and send again: such a refusal means that nothing was done.
    private func correct(
        _ refusal: Refusal, of call: S3Call, _ key: AccessKey, _ corrections: inout Corrections
    ) async -> Bool {
        if refusal.isOfExpiredCredentials, !corrections.hasRenewedKey {
            corrections.hasRenewedKey = true
            keys.reject(key)
            return true
        }
        guard refusal.status == 403 || refusal.status == 400 else { return false }
        if !corrections.hasSetClock {
            corrections.hasSetClock = true
            if clock.learn(refusal.date, wallTime: retries.pacing.wallTime()) { return true }
        }
        guard refusal.code == nil, call.method == "HEAD", !corrections.hasRenewedKey else { return false }
        corrections.hasRenewedKey = true
        return await renewed(key)
    }

    /// An answer to HEAD has no body: it may mean that the key has expired, or that its owner may not look. So it is
    /// fetched anew once; what the fresh key is refused for is no matter of its age.
    /// - Returns: whether there is another key now.
    private func renewed(_ key: AccessKey) async -> Bool {
        guard freshKey.withLock({ $0 != key }) else { return false }
        keys.reject(key)
        guard let fresh = try? await keys.key() else { return false }
        freshKey.withLock { $0 = fresh }
        return fresh != key
    }

    /// What a success without what S3's answers have means here.
    func strange(_ response: HTTPResponse) -> StoreError { StoreError(strange: response, at: address) }

    /// What a refusal means here.
    package func error(_ refusal: Refusal) -> StoreError {
        StoreError(refusal, at: address, skew: refusal.date.map { $0.since(retries.pacing.wallTime()) })
    }
}

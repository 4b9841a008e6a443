internal import BlobHTTP
internal import ObjectStorage

/// One write of a record: by a conditional request, and by looking where its answer leaves doubt.
///
/// Only two things are certain of an attempt that did not succeed: a refusal that the server told in HTTP, and that
/// nothing was sent. An answer of 500, a connection that broke, an answer that is none and a time that ran out mean
/// "look". Once there was doubt no refusal of a later attempt settles anything, 412 least of all: it may be the answer
/// to the own success.
struct RecordWriting: Sendable {
    let storage: S3Storage
    let key: Key
    let bytes: [UInt8]
    let expecting: Record.Expectation

    /// What looking found.
    private enum Insight {
        case won(RecordToken)
        case lost
        /// What was expected still stands there.
        case undecided
        /// The record says too little about its past.
        case unclear
    }

    private var expected: RecordToken? {
        if case .version(let version) = expecting { RecordToken(version) } else { nil }
    }

    /// Writes.
    /// - Parameter found: how conditions are to be written; nil for the only writer, on a server that knows none.
    /// - Throws: `preconditionFailed`, `outcomeUnknown`; what the server refuses it for.
    func run(_ found: ServerCapabilities?) async throws(StoreError) -> RecordToken {
        if found == nil {
            let there = try await storage.fetch(key)?.token
            guard there == expected else { throw lost }
        }
        let lineage = Lineage(after: expected)
        let call = try call(lineage, found)
        var doubt: StoreError?
        var attempts: Attempts?
        while true {
            var retryAfter: Duration?
            let step = step(await storage.session.fate(of: call), lineage)
            switch (step, doubt) {
            case (.done(let token), _): return token
            case (.untrusted(let error), _): throw unknown(error)
            case (.refused(let error, _), nil): throw error
            case (.refused(_, let pause), _): retryAfter = pause
            case (.doubtful(let error, let pause), _): (doubt, retryAfter) = (error, pause)
            }
            let reason = doubt ?? Self.noETag
            // A server that asked for a pause is not asked before.
            var hasWaited = false
            if retryAfter != nil {
                hasWaited = (try? await pause(&attempts, after: reason, retryAfter: retryAfter)) != nil
            }
            switch try await look(lineage, reason) {
            case .won(let token): return token
            case .lost: throw lost
            case .unclear: throw unknown(reason)
            case .undecided:
                // What refuses the same request for good leaves what became of the earlier one unknown.
                if case .refused(let error, _) = step, error.isFinal { throw unknown(reason) }
                if !hasWaited { try await pause(&attempts, after: reason, retryAfter: retryAfter) }
            }
        }
    }

    /// What an attempt came to.
    private enum Step {
        case done(RecordToken)
        /// Said to be done by a server of which is no longer true what was measured.
        case untrusted(StoreError)
        case refused(StoreError, retryAfter: Duration? = nil)
        case doubtful(StoreError, retryAfter: Duration? = nil)
    }

    private func step(_ fate: S3Session.Fate, _ lineage: Lineage) -> Step {
        switch fate {
        case .refused(let error, let pause): return .refused(error, retryAfter: pause)
        case .doubtful(let error, let pause): return .doubtful(error, retryAfter: pause)
        case .answered(let response):
            if response.head.isSuccess {
                guard let etag = response.headers["ETag"], !etag.isEmpty else { return .doubtful(Self.noETag) }
                if let error = storage.learned.contradiction(in: response.headers) { return .untrusted(error) }
                return .done(RecordToken(etag: etag, lineage: lineage))
            }
            // A server may say that the record is absent where a version of it was expected; what else is missing is
            // another error.
            let refusal = Refusal(response)
            let isLost = response.status == 412 || refusal.code == "NoSuchKey"
            return .refused(isLost ? lost : storage.session.error(refusal))
        }
    }

    private func call(_ lineage: Lineage, _ found: ServerCapabilities?) throws(StoreError) -> S3Call {
        var call = S3Call("PUT", try storage.name(key))
        try call.set(hashedBody: bytes, takesChecksums: storage.learned.known?.takesChecksums ?? true)
        call.headers["Content-Type"] = "application/json"
        call.headers[StoredRecord.digestField] = call.payloadHash
        lineage.keep(in: &call.headers)
        storage.learned.keep(in: &call.headers)
        call.repetition = .onlyIfUnsent
        guard let found else { return call }
        if let expected {
            call.headers["If-Match"] = found.replacement.value(expected.etag)
            call.accepted = [412, 404]
        } else {
            call.headers["If-None-Match"] = "*"
            call.accepted = [412]
        }
        return call
    }
}

// MARK: - Doubt

extension RecordWriting {
    private func look(_ lineage: Lineage, _ doubt: StoreError) async throws(StoreError) -> Insight {
        let found: StoredRecord?
        do { found = try await storage.fetch(key) } catch {
            throw unknown(doubt)
        }
        guard let found else { return expected == nil ? .undecided : .unclear }
        if found.token == expected { return .undecided }
        guard let current = found.token.lineage else { return .unclear }
        switch lineage.outcome(by: current, isCreation: expected == nil) {
        case .won: return .won(found.token)
        // Its ETag is gone, and no write on its strength can win.
        case .superseded: return .won(RecordToken(etag: "superseded", lineage: lineage))
        case .lost: return .lost
        case .unclear: return .unclear
        }
    }

    private func pause(
        _ attempts: inout Attempts?, after doubt: StoreError, retryAfter: Duration?
    ) async throws(StoreError) {
        do {
            try await storage.session.retries.pause(&attempts, after: doubt, "PUT \(key)", retryAfter: retryAfter)
        } catch { throw unknown(doubt) }
    }

    private var lost: StoreError { .lost(key) }

    private func unknown(_ doubt: StoreError) -> StoreError {
        StoreError(
            .outcomeUnknown, "\"\(key)\" may or may not be written; read it again (\(doubt.message))",
            cause: doubt.cause)
    }

    private static var noETag: StoreError { StoreError(.failed, "the server gave no ETag") }
}

extension StoreError {
    /// Whether the same request would be refused again: not for a condition that did not hold, nor for what passes.
    fileprivate var isFinal: Bool { !isRetryable && code != .preconditionFailed }
}

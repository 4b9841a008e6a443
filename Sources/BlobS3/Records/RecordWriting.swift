internal import BlobStore

/// One write of a record: by a conditional request, and by looking where its answer leaves doubt.
///
/// An answer of 500, a connection that broke and a time that ran out mean "look"; so does 412 after any of them, since
/// it may be the answer to the own success.
struct RecordWriting: Sendable {
    private static let maximumTries = 12

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

    /// Writes with conditions.
    /// - Throws: `preconditionFailed`, `outcomeUnknown`.
    func run(_ guarantees: Guarantees) async throws(StoreError) -> RecordToken {
        let lineage = WriteLineage(after: expected)
        let call = try call(lineage, guarantees)
        var doubt: StoreError?
        for attempt in 1...Self.maximumTries {
            do throws(StoreError) {
                let response = try await storage.session.send(call)
                switch (response.status, response.headers["ETag"]) {
                case (200..<300, let etag?): return RecordToken(etag: etag, lineage: lineage)
                case (200..<300, nil): doubt = Self.noETag
                case (404, _): try expectMissingKey(response)
                default: break
                }
                if doubt == nil { throw lost }
            } catch {
                guard error.isRetryable || error.code == .cancelled else { throw error }
                doubt = error
            }
            switch try await look(lineage, doubt ?? Self.noETag) {
            case .won(let token): return token
            case .lost: throw lost
            case .unclear: throw unknown(doubt)
            case .undecided: try await pause(attempt, doubt)
            }
        }
        throw unknown(doubt)
    }

    /// Writes for the only writer, on a server that knows no conditions.
    func runAlone() async throws(StoreError) -> RecordToken {
        let there = try await storage.fetch(key)?.token
        guard there == expected else { throw lost }
        let lineage = WriteLineage(after: expected)
        var call = try call(lineage, nil)
        call.repetition = .harmless
        let response = try await storage.session.send(call)
        guard let etag = response.headers["ETag"] else { throw unknown(Self.noETag) }
        return RecordToken(etag: etag, lineage: lineage)
    }

    private func call(_ lineage: WriteLineage, _ found: Guarantees?) throws(StoreError) -> S3Call {
        var call = S3Call("PUT", try storage.name(key))
        try call.set(hashedBody: bytes)
        call.headers["Content-Type"] = "application/json"
        lineage.keep(in: &call.headers)
        storage.guarantees.keep(in: &call.headers)
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

    /// A server may say that the record is absent where a version of it was expected; what else is missing is an error.
    private func expectMissingKey(_ response: HTTPResponse) throws(StoreError) {
        let refusal = Refusal(response)
        if refusal.code != "NoSuchKey" { throw storage.session.error(refusal) }
    }
}

// MARK: - Doubt

extension RecordWriting {
    private func look(_ lineage: WriteLineage, _ doubt: StoreError) async throws(StoreError) -> Insight {
        let found: StoredRecord?
        do { found = try await storage.fetch(key) } catch {
            throw unknown(doubt)
        }
        guard let found else { return expected == nil ? .undecided : .unclear }
        if found.token == expected { return .undecided }
        guard let current = found.token.lineage else { return .unclear }
        if current.write == lineage.write { return .won(found.token) }
        if current.ancestors.contains(lineage.write) {
            // Ours was written and then replaced: its ETag is gone, and no write on its strength can win.
            return .won(RecordToken(etag: "superseded", lineage: lineage))
        }
        return current.reaches(expected) ? .lost : .unclear
    }

    private func pause(_ attempt: Int, _ doubt: StoreError?) async throws(StoreError) {
        let pause = RetryPolicy().pause(afterAttempts: attempt, random: storage.session.pacing.random())
        do { try await storage.session.pacing.sleep(pause) } catch { throw unknown(doubt) }
    }

    private var lost: StoreError {
        StoreError(.preconditionFailed, "the record \"\(key)\" is not, or no longer, what was expected")
    }

    private func unknown(_ doubt: StoreError?) -> StoreError {
        StoreError(
            .outcomeUnknown,
            "\"\(key)\" may be written or not: read it again" + (doubt.map { " (\($0.message))" } ?? ""),
            cause: doubt?.cause)
    }

    private static var noETag: StoreError { StoreError(.failed, "the server gave no ETag") }
}

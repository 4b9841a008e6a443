internal import BlobStore

/// Why an attempt failed, and whether another may be made.
struct Failure {
    let error: StoreError
    let mayRepeat: Bool
    var retryAfter: Duration?

    init(_ refusal: Refusal, _ error: StoreError, _ call: S3Call) {
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

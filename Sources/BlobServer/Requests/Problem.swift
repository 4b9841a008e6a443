internal import BlobStore
internal import FoundationEssentials
internal import HTTPTypes

/// What is answered when something cannot be done.
/// - Source: RFC 9457.
struct Problem: Error, Sendable, Equatable {
    let status: HTTPResponse.Status
    /// The store's word for it, by which clients may decide.
    let code: String
    let detail: String
    var fields: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, code: String? = nil, _ detail: String) {
        self.status = status
        self.code = code ?? Self.code(of: status)
        self.detail = detail
    }

    private struct Document: Encodable {
        let title: String
        let status: Int
        let code: String
        let detail: String
    }

    /// As `application/problem+json`.
    var json: String {
        JSONText.of(Document(title: status.reasonPhrase, status: status.code, code: code, detail: detail))
    }

    private static func code(of status: HTTPResponse.Status) -> String {
        switch status {
        case .notFound, .gone: "notFound"
        case .unauthorized, .forbidden: "permissionDenied"
        case .preconditionFailed: "preconditionFailed"
        case .unprocessableContent: "digestMismatch"
        case .serviceUnavailable, .tooManyRequests: "unavailable"
        default: "invalidArgument"
        }
    }

    /// The same, with when to try again.
    func retry(after seconds: Int) -> Problem {
        var copy = self
        copy.fields[.retryAfter] = String(seconds)
        return copy
    }
}

extension Problem {
    /// What the store threw, as HTTP has it.
    init(_ error: StoreError) {
        self.init(Self.status(of: error), code: error.code.rawValue, error.message)
        if status == .serviceUnavailable { fields[.retryAfter] = error.code == .migrating ? "5" : "2" }
    }

    private static func status(of error: StoreError) -> HTTPResponse.Status {
        switch error.code {
        case .notFound: .notFound
        case .alreadyExists: .conflict
        case .preconditionFailed: .preconditionFailed
        case .invalidKey, .invalidArgument, .sourceFailed: .badRequest
        case .digestMismatch: .unprocessableContent
        case .outOfSpace: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .unsupported: .notImplemented
        case .migrating, .unavailable, .wrongRoot, .readOnly, .outcomeUnknown, .cancelled: .serviceUnavailable
        case .corrupt, .unknownFormat, .permissionDenied: .internalServerError
        case .failed: error.isRetryable ? .serviceUnavailable : .internalServerError
        }
    }
}

/// JSON as answers have it: keys in order, slashes as they are.
enum JSONText {
    static func of(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}

internal import BlobHTTP

/// What went wrong, as the server tells it.
/// - Source: AWS, "REST Error Responses", Amazon S3 API Reference.
package struct ErrorAnswer: XMLAnswer, Equatable {
    package static let root = "Error"

    /// e.g. `NoSuchKey`; empty when there is none.
    package private(set) var code = ""
    package private(set) var message = ""
    /// The region that the bucket is in.
    package private(set) var region: String?
    /// The endpoint to use instead.
    package private(set) var endpoint: String?
    package private(set) var requestID: String?

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        guard parent == Self.root else { return }
        switch name {
        case "Code": code = text
        case "Message": message = String(text.prefix(500))
        case "Region": region = text
        case "Endpoint": endpoint = text
        case "RequestId": requestID = text
        default: break
        }
    }

    package var gap: String? { code.isEmpty ? "it has no code" : nil }
}

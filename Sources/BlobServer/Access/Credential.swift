internal import FoundationEssentials
internal import HTTPTypes

/// The API key that a request shows, in whichever field its client puts it.
/// - Source: RFC 6750, section 2.1; RFC 7617.
enum Credential: Equatable {
    case none
    case key(String)
    /// There is one, and it cannot be read.
    case garbled

    init(_ fields: HTTPFields) {
        if let text = fields[.authorization] {
            self = Self.authorization(text)
        } else if let text = fields[.apiKey] ?? fields[.nugetKey] {
            self = .key(text)
        } else {
            self = .none
        }
    }

    private static func authorization(_ text: String) -> Credential {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { return .garbled }
        switch parts[0].lowercased() {
        case "bearer": return .key(String(parts[1]))
        case "basic":
            guard let data = Data(base64Encoded: String(parts[1])) else { return .garbled }
            // Whatever the user's name, the password is the key.
            guard let colon = data.firstIndex(of: UInt8(ascii: ":")) else { return .garbled }
            return .key(String(decoding: data[data.index(after: colon)...], as: UTF8.self))
        default: return .garbled
        }
    }
}

internal import BlobStore

/// What the token service can be asked for.
protocol TokenServiceAction {
    static var name: String { get }
}

/// A role for who is known already.
enum AssumeRole: TokenServiceAction { static let name = "AssumeRole" }

/// A role for the holder of a token.
enum AssumeRoleWithWebIdentity: TokenServiceAction { static let name = "AssumeRoleWithWebIdentity" }

/// What the token service says when it gives credentials.
struct TokenServiceAnswer<Action: TokenServiceAction>: XMLAnswer {
    static var root: String { Action.name + "Response" }

    private var values: [String: String] = [:]

    init() {}

    mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == "Credentials" { values[name] = text }
    }

    var gap: String? {
        ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"].first { values[$0] == nil }
            .map { "it has no \($0)" }
    }

    /// - Throws: `failed`, with nothing of the content.
    func credentials(from origin: String) throws(StoreError) -> Credentials {
        guard let end = values["Expiration"].flatMap(Timestamp.init(lenient:)) else {
            throw StoreError(.failed, "\(origin) gave an Expiration that is no time")
        }
        return try Credentials(
            accessKeyID: values["AccessKeyId"] ?? "", secretAccessKey: values["SecretAccessKey"] ?? "",
            sessionToken: values["SessionToken"], expiration: end, from: origin)
    }
}

/// What the token service says when it refuses.
struct TokenServiceRefusal: XMLAnswer {
    static let root = "ErrorResponse"

    /// e.g. `ExpiredTokenException`; empty for none.
    private(set) var code = ""

    init() {}

    mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == "Error", name == "Code" { code = String(text.filter { $0.isLetter || $0.isNumber }.prefix(60)) }
    }
}

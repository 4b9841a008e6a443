/// What requests are signed with. It has no description that would show the secret.
package struct AccessKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The name of the key; no secret.
    package let id: String
    package let secret: String
    /// Of temporary credentials.
    package let sessionToken: String?

    package init(id: String, secret: String, sessionToken: String? = nil) {
        self.id = id
        self.secret = secret
        self.sessionToken = sessionToken
    }

    package var description: String { "access key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

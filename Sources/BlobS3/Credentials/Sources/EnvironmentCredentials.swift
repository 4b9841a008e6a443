package import ObjectStorage

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. An empty variable counts as none.
package struct EnvironmentCredentials: CredentialSource {
    private let environment: [String: String]

    package init(_ environment: [String: String]) { self.environment = environment }

    package var name: String { "the environment" }

    package func credentials() async throws(StoreError) -> Credentials? {
        let key = environment.text("AWS_ACCESS_KEY_ID")
        let secret = environment.text("AWS_SECRET_ACCESS_KEY")
        if key == nil, secret == nil { return nil }
        guard let key, let secret else {
            let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            let (set, missing) = key == nil ? (names[1], names[0]) : (names[0], names[1])
            throw StoreError(.invalidArgument, "the environment has \(set) without \(missing); set both or neither")
        }
        return try Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: environment.text("AWS_SESSION_TOKEN"),
            from: "the environment")
    }
}

extension [String: String] {
    /// A variable that is set to something.
    func text(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether a variable says `true`, in any case.
    func isTrue(_ name: String) -> Bool { self[name]?.lowercased() == "true" }
}

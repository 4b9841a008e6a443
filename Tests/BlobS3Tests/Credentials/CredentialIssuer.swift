import BlobS3
import ObjectStorage
import Synchronization

/// A clock that moves when a test says so.
final class TestClock: Sendable {
    private let seconds = Mutex<Int64>(1_800_000_000)

    var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }
    func advance(_ more: Int64) { seconds.withLock { $0 += more } }
}

/// Gives out credentials that end by a test's clock, as Amazon's endpoints do, and remembers them.
final class CredentialIssuer: Sendable {
    /// Which endpoint it is.
    enum Kind: Sendable, CaseIterable { case instance, container, webIdentity }

    /// What it gives.
    enum Mood: Sendable, CaseIterable { case good, expired, garbage, nothing, failure }

    /// Credentials that were given out.
    struct Issued: Sendable {
        let key: AccessKey
        let end: Timestamp
    }

    private struct State {
        var issued: [Issued] = []
        /// From the second time on.
        let mood: Mood
    }

    private final class Book: Sendable {
        let state: Mutex<State>
        init(_ mood: Mood) { state = Mutex(State(mood: mood)) }
    }

    private let book: Book
    private let endpoint: Endpoint
    private let desk: Desk
    /// Variables that lead to it, and to nothing else.
    let environment: [String: String]

    var issued: [Issued] { book.state.withLock(\.issued) }

    /// - Parameter mood: what it gives after good credentials were got once.
    init(_ kind: Kind, lifeSeconds: Int64, _ clock: TestClock, then mood: Mood = .good) throws {
        let (desk, book) = (try Desk(), Book(mood))
        (self.desk, self.book) = (desk, book)
        endpoint = try Endpoint { request in
            let mood = book.state.withLock { $0.issued.isEmpty ? .good : $0.mood }
            if mood == .nothing { return nil }
            if mood == .failure { return (500, "HIDDEN") }
            if let answer = Self.answerBefore(kind, request) { return answer }
            return book.state.withLock { Self.give(kind, clock.now, lifeSeconds, &$0) }
        }
        environment = desk.environment(try Self.variables(kind, endpoint.url, desk))
    }

    private static func variables(_ kind: Kind, _ url: String, _ desk: Desk) throws -> [String: String] {
        switch kind {
        case .instance: ["AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url]
        case .container: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/keys"]
        case .webIdentity:
            [
                "AWS_WEB_IDENTITY_TOKEN_FILE": try desk.put("token", "HIDDEN-identity"),
                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/packages", "AWS_ENDPOINT_URL_STS": url,
            ]
        }
    }

    /// What comes before the credentials; nil for the request for them.
    private static func answerBefore(_ kind: Kind, _ request: Endpoint.Request) -> (Int, String)? {
        let list = "/latest/meta-data/iam/security-credentials/"
        switch kind {
        case .instance where request.line.hasPrefix("PUT /latest/api/token "): return (200, "HIDDEN-session")
        case .instance where request.header("X-aws-ec2-metadata-token") != "HIDDEN-session": return (401, "HIDDEN")
        case .instance where request.line.hasPrefix("GET \(list) "): return (200, "role")
        case .instance where !request.line.hasPrefix("GET \(list)role "): return (404, "HIDDEN")
        case .webIdentity where !request.body.contains("WebIdentityToken=HIDDEN-identity"): return (403, "HIDDEN")
        default: return nil
        }
    }

    private static func give(
        _ kind: Kind, _ now: Timestamp, _ life: Int64, _ state: inout State
    ) -> (Int, String) {
        let number = state.issued.count + 1
        let key = AccessKey(
            id: "HIDDEN-ID-\(number)", secret: "HIDDEN-SECRET-\(number)", sessionToken: "HIDDEN-TOKEN-\(number)")
        switch state.issued.isEmpty ? .good : state.mood {
        case .nothing, .failure, .garbage: return (200, "HIDDEN")
        case .expired: return (200, document(kind, key, Timestamp(seconds: now.seconds - 1)))
        case .good:
            let end = Timestamp(seconds: now.seconds + life)
            state.issued.append(Issued(key: key, end: end))
            return (200, document(kind, key, end))
        }
    }

    private static func document(_ kind: Kind, _ key: AccessKey, _ end: Timestamp) -> String {
        let token = key.sessionToken ?? ""
        guard kind == .webIdentity else {
            return "{\"Code\": \"Success\", \"AccessKeyId\": \"\(key.id)\", \"SecretAccessKey\": \"\(key.secret)\", "
                + "\"Token\": \"\(token)\", \"Expiration\": \"\(end)\"}"
        }
        return """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>\(key.id)</AccessKeyId>
              <SecretAccessKey>\(key.secret)</SecretAccessKey><SessionToken>\(token)</SessionToken>
              <Expiration>\(end)</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
            </AssumeRoleWithWebIdentityResponse>
            """
    }
}

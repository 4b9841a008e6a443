package import BlobHTTP
package import ObjectStorage

extension HTTPAdvice {
    /// What is advised about S3 servers.
    package static var s3: HTTPAdvice {
        var advice = HTTPAdvice()
        advice.server = "an S3 server"
        advice.otherName += ", or style=path if it does not cover names with a bucket before them"
        advice.unknownAuthority = "set AWS_CA_BUNDLE to a file with that authority"
        advice.authoritiesFile = "check AWS_CA_BUNDLE and ca_bundle"
        return advice
    }
}

extension StoreError {
    /// Classifies an S3 server's refusal, where it enters.
    /// - Parameter skew: how far the server's clock is from this machine's, where it is known.
    package init(_ refusal: Refusal, at address: BucketAddress, skew: Duration? = nil) {
        let meaning = Self.meaning(of: refusal, at: address, skew: skew)
        var text = "\(meaning.sentence) (HTTP \(refusal.status)"
        if let code = refusal.code { text += " \(code)" }
        if let id = refusal.requestID { text += ", request \(id.prefix(80))" }
        self.init(
            meaning.code, text + ")", isRetryable: refusal.isTransient,
            cause: .http(status: refusal.status, code: refusal.code, requestID: refusal.requestID))
    }

    /// Nothing can be signed.
    static let withoutSHA256 = StoreError(
        .failed, "libcrypto refuses SHA-256; does this machine's policy forbid it?")

    private typealias Meaning = (code: Code, sentence: String)

    private static func meaning(of refusal: Refusal, at address: BucketAddress, skew: Duration?) -> Meaning {
        if refusal.isPage || refusal.wantsTLS, !refusal.isTransient, refusal.status != 407 {
            return (.failed, stranger(refusal, address))
        }
        if let place = aboutPlace(refusal, address) { return place }
        if refusal.code == "InvalidObjectState" {
            return (.unavailable, "the object is archived and cannot be read; restore it")
        }
        if let account = aboutAccount(refusal, at: address, skew: skew) { return account }
        if let content = aboutContent(refusal) { return content }
        if refusal.isTransient { return (.unavailable, "\(address.endpoint) is overloaded or failing") }
        if refusal.code == nil && refusal.message.isEmpty {
            return (.failed, stranger(refusal, address))
        }
        return (.failed, "\(address.endpoint) refuses" + (refusal.message.isEmpty ? "" : ": \(refusal.message)"))
    }

    /// What is no S3 server.
    private static func stranger(_ refusal: Refusal, _ address: BucketAddress) -> String {
        if refusal.wantsTLS {
            return "\(address.endpoint) speaks TLS; write the endpoint with https:// instead of http://"
        }
        return refusal.isPage
            ? "\(address.endpoint) answers with a web page, not like an S3 server; check the endpoint"
            : "\(address.endpoint) does not answer like an S3 server; check the endpoint"
    }

    /// A success without what S3's answers have.
    init(strange response: HTTPResponse, at address: BucketAddress) {
        self.init(.failed, Self.stranger(Refusal(response), address) + " (HTTP \(response.status))")
    }

    private static func aboutPlace(_ refusal: Refusal, _ address: BucketAddress) -> Meaning? {
        let isElsewhere = [301, 307, 308].contains(refusal.status) && !refusal.isPage
        switch refusal.code {
        case "NoSuchBucket":
            return (.notFound, "there is no bucket \"\(address.bucket)\" at \(address.endpoint); create it first")
        case "InvalidBucketName": return (.invalidArgument, "\"\(address.bucket)\" is not a valid bucket name")
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "InvalidRegion",
            "IllegalLocationConstraintException":
            return (.invalidArgument, elsewhere(refusal, address))
        case nil where isElsewhere: return (.invalidArgument, elsewhere(refusal, address))
        default: return nil
        }
    }

    private static func elsewhere(_ refusal: Refusal, _ address: BucketAddress) -> String {
        if let region = refusal.region, region != address.region {
            return "the bucket \"\(address.bucket)\" is in the region \(region), not in \(address.region); "
                + "write region=\(region) in the root's URL"
        }
        if let endpoint = refusal.endpoint {
            return "the bucket \"\(address.bucket)\" is at \(endpoint.prefix(200)), "
                + "not at \(address.endpoint); write that as the endpoint"
        }
        return "the bucket \"\(address.bucket)\" is not in the region \(address.region), or \(address.endpoint) "
            + "is not the endpoint for it; write region= and endpoint= in the root's URL"
    }

    private static func aboutAccount(_ refusal: Refusal, at address: BucketAddress, skew: Duration?) -> Meaning? {
        switch refusal.code {
        case "RequestTimeTooSkewed", "RequestExpired":
            return (.permissionDenied, aboutTime(skew))
        case "SignatureDoesNotMatch":
            return (
                .permissionDenied,
                "the secret does not belong to the access key, or a proxy changed the request; check the credentials"
            )
        case "InvalidAccessKeyId":
            return (.permissionDenied, "\(address.endpoint) does not know the access key; check the credentials")
        case "ExpiredToken", "TokenRefreshRequired":
            return (.permissionDenied, "the credentials have expired; renew them")
        case "InvalidToken": return (.permissionDenied, "the session token is not valid; renew the credentials")
        case "AccessDenied", "AllAccessDisabled", "AccountProblem":
            return (.permissionDenied, "these credentials may not do that in the bucket \"\(address.bucket)\"")
        case let code? where code.hasPrefix("KMS."):
            return (
                .permissionDenied,
                "the encryption key cannot be used; check that kms-key names it, that it is enabled and in the "
                    + "region \(address.region), and that these credentials may use it"
            )
        default: break
        }
        switch refusal.status {
        case 401, 403:
            return (.permissionDenied, "these credentials may not do that in the bucket \"\(address.bucket)\"")
        case 407: return (.permissionDenied, "the proxy asks for credentials")
        default: return nil
        }
    }

    private static func aboutTime(_ skew: Duration?) -> String {
        let minutes = skew.map { abs($0.components.seconds) / 60 }
        if minutes == 0 {
            return "the request was too old when it reached the server, although the clocks agree; "
                + "something on the way delays requests"
        }
        let difference = minutes.map { "by \($0) minutes " } ?? ""
        return "this machine's clock and the server's differ \(difference)too much; set the clock"
    }

    private static func aboutContent(_ refusal: Refusal) -> Meaning? {
        switch (refusal.status, refusal.code) {
        case (_, "NoSuchKey"): (.notFound, "there is no such object")
        case (_, "NoSuchUpload"): (.notFound, "there is no such upload")
        case (_, "KeyTooLongError"), (_, "InvalidObjectName"), (_, "InvalidURI"), (_, "XMinioInvalidObjectName"),
            (_, "XMinioInvalidResourceName"):
            (.invalidKey, "the server does not accept this name; use a shorter or plainer path, or a shorter prefix")
        case (_, "EntityTooLarge"), (413, _): (.invalidArgument, "the object is larger than the server allows")
        case (_, "BadDigest"), (_, "InvalidDigest"), (_, "XAmzContentSHA256Mismatch"),
            (_, "XAmzContentChecksumMismatch"):
            (.digestMismatch, "the content was damaged on its way to the server; try again")
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"):
            (.outOfSpace, "the server or the quota is full")
        case (501, _), (_, "NotImplemented"): (.unsupported, "the server cannot do that")
        case (412, _), (_, "PreconditionFailed"): (.preconditionFailed, "it is not what was expected")
        case (404, _): (.notFound, "there is no such object")
        default: nil
        }
    }
}

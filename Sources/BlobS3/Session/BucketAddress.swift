/// Where a bucket is, and how its objects are named in URLs.
package struct BucketAddress: Sendable, Hashable {
    /// How the bucket is told.
    package enum Style: String, Sendable {
        /// As the first segment of the path.
        case path
        /// As a part of the host's name.
        case virtual
    }

    package let bucket: String
    package let region: String
    /// e.g. `https://s3.eu-west-1.amazonaws.com`
    package let endpoint: String
    package let style: Style

    /// - Parameters:
    ///   - endpoint: scheme, host and port; nil for AWS itself.
    ///   - style: nil for what suits most servers: paths, but host names at AWS.
    package init(bucket: String, region: String, endpoint: String? = nil, style: Style? = nil) {
        self.bucket = bucket
        self.region = region
        self.endpoint = endpoint ?? "https://s3.\(region).amazonaws.com"
        // A certificate for *.s3… does not cover a bucket with a dot in its name.
        self.style = style ?? (endpoint == nil && !bucket.contains(".") ? .virtual : .path)
    }

    /// The `Host` field, as curl sends it.
    package var host: String {
        style == .virtual ? "\(bucket).\(Self.host(of: endpoint))" : Self.host(of: endpoint)
    }

    /// The `Host` field of requests to an endpoint, as curl sends it.
    static func host(of endpoint: String) -> String {
        let parts = endpoint.firstRange(of: "://").map { (endpoint[..<$0.lowerBound], endpoint[$0.upperBound...]) }
        guard let (scheme, rest) = parts else { return endpoint }
        let usual = scheme.lowercased() == "https" ? ":443" : ":80"
        return rest.hasSuffix(usual) ? String(rest.dropLast(usual.count)) : String(rest)
    }

    /// The path of an object, or of the bucket, percent-encoded.
    package func path(_ name: String?) -> String {
        let encoded = PercentEncoding.encode(name ?? "", keepsSlashes: true)
        return style == .virtual ? "/\(encoded)" : "/\(bucket)" + (name == nil ? "" : "/\(encoded)")
    }

    /// Scheme and host for a URL.
    package var origin: String {
        let scheme = endpoint.firstRange(of: "://").map { endpoint[..<$0.lowerBound] } ?? "https"
        return "\(scheme)://\(host)"
    }
}

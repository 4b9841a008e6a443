internal import BlobHTTP

/// Where a bucket is, and how its objects are named in URLs.
package struct BucketAddress: Sendable, Hashable {
    /// How the bucket is told.
    package enum Style: String, Sendable {
        /// As the first segment of the path.
        case path
        /// As a part of the host's name.
        case virtual
    }

    /// Its name, or the ARN of an access point.
    package let bucket: String
    package let region: String
    /// e.g. `https://s3.eu-west-1.amazonaws.com`
    package let endpoint: String
    package let style: Style
    /// What stands before the endpoint's host, or first in the path.
    private let label: String

    /// - Parameters:
    ///   - endpoint: scheme, host and port; nil for AWS itself.
    ///   - style: nil for what suits most servers: paths, but host names at AWS. A bucket that cannot be part of a
    ///     host's name is told by paths all the same, as the AWS tools do.
    package init(bucket: String, region: String, endpoint: String? = nil, style: Style? = nil) {
        self.init(
            bucket: bucket, region: region,
            server: endpoint ?? (try? AWSPartition.storage(region, EndpointVariant())) ?? "",
            style: style ?? (endpoint == nil ? nil : .path))
    }

    /// - Parameter style: nil for host names, wherever a certificate covers them.
    init(bucket: String, region: String, server text: String, style: Style?) {
        self.bucket = bucket
        self.region = region
        let server = ServerAddress(text)
        endpoint = server?.text ?? text
        label = bucket
        // A certificate for *.s3… does not cover a bucket with a dot in its name.
        let wantsHost = style == .virtual || (style == nil && Self.isHostLabel(bucket))
        let isHost =
            server?.isNumeric == false
            && bucket.split(
                separator: ".", omittingEmptySubsequences: false
            ).allSatisfy { Self.isHostLabel($0, atLeast: 1) }
        self.style = wantsHost && isHost ? .virtual : .path
    }

    /// - Parameter endpoint: what the access point's name stands before.
    init(_ point: AccessPoint, endpoint: String) {
        bucket = point.arn
        region = point.region
        self.endpoint = ServerAddress(endpoint)?.text ?? endpoint
        style = .virtual
        label = point.label
    }

    /// Whether a name can be one label of a host's name, and mean the same there.
    static func isHostLabel(_ text: some StringProtocol, atLeast minimum: Int = 3) -> Bool {
        let bytes = Array(text.utf8)
        let isPlain = bytes.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        return isPlain && (minimum...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-")
            && bytes.last != UInt8(ascii: "-")
    }

    /// The `Host` field, signed and sent.
    package var host: String { style == .virtual ? "\(label).\(Self.host(of: endpoint))" : Self.host(of: endpoint) }

    /// The `Host` field of requests to an endpoint.
    static func host(of endpoint: String) -> String { ServerAddress(endpoint)?.hostField ?? endpoint }

    /// The path of an object, or of the bucket, percent-encoded.
    package func path(_ name: String?) -> String {
        let encoded = PercentEncoding.encode(name ?? "", keepsSlashes: true)
        return style == .virtual ? "/\(encoded)" : "/\(label)" + (name == nil ? "" : "/\(encoded)")
    }

    /// Scheme and host for a URL.
    package var origin: String { "\(ServerAddress(endpoint)?.scheme ?? "https")://\(host)" }

    /// An object of this bucket as `x-amz-copy-source` names it.
    static func copySource(_ bucket: String, _ name: String) -> String {
        PercentEncoding.encode(
            bucket.hasPrefix("arn:") ? "\(bucket)/object/\(name)" : "\(bucket)/\(name)", keepsSlashes: true)
    }
}

internal import BlobHTTP
package import ObjectStorage

/// Where an S3 server is and how to speak to it, as the root's URL, the environment and the profile say, in this
/// order.
package struct ConnectionSettings: Sendable, Equatable {
    /// e.g. `http://127.0.0.1:9000`, without a slash at its end; nil for AWS itself.
    package let endpoint: String?
    package let region: String
    /// Whether anybody named the region.
    package let isRegionNamed: Bool
    /// `path` or `virtual`; nil where nobody said.
    package let addressingStyle: String?
    /// Which of AWS' own endpoints are wanted.
    package let variant: EndpointVariant
    /// A PEM file of certificate authorities; nil for the system's.
    package let certificates: String?

    /// - Parameters:
    ///   - url: the settings in a root's URL: `endpoint`, `region`, `style`.
    ///   - files: the profile.
    /// - Throws: `invalidArgument` for an endpoint or a region that cannot be one, and for a profile that is not there.
    package init(
        url: [String: String], environment: [String: String], files: SharedFiles
    ) throws(StoreError) {
        try files.checkProfile()
        if let given = url.text("endpoint") {
            endpoint = try Self.checked(given, "the root's endpoint")
        } else {
            endpoint = try Self.endpoint(of: "s3", environment, files)
        }
        variant = Self.variant(environment, files)
        if let endpoint, variant.isFIPS {
            throw StoreError(
                .invalidArgument,
                "AWS_USE_FIPS_ENDPOINT or use_fips_endpoint asks for an AWS endpoint, but \(endpoint) is named; remove "
                    + "one of the two, as nothing shows whether this endpoint complies with FIPS")
        }
        let named = try Self.namedRegion(url.text("region"), environment: environment, files: files)
        region = named ?? "us-east-1"
        isRegionNamed = named != nil
        certificates = environment.text("AWS_CA_BUNDLE") ?? files.value("ca_bundle")
        switch url.text("style") ?? files.value("addressing_style", below: "s3") {
        case nil, "auto": addressingStyle = nil
        case "path": addressingStyle = "path"
        case "virtual": addressingStyle = "virtual"
        case .some(let other):
            throw StoreError(.invalidArgument, "the style \"\(other.prefix(40))\" is unknown; write path or virtual")
        }
    }

    /// The region that somebody named: first `given`, then the environment, then the profile.
    static func namedRegion(
        _ given: String?, environment: [String: String], files: SharedFiles?
    ) throws(StoreError) -> String? {
        let named =
            given ?? environment.text("AWS_REGION") ?? environment.text("AWS_DEFAULT_REGION") ?? files?.value("region")
        if let named, !isRegion(named) {
            throw StoreError(.invalidArgument, "\"\(named.prefix(80))\" is not a region; write it like us-east-1")
        }
        return named
    }

    /// Which of AWS' own endpoints the environment, or else the profile, asks for.
    static func variant(_ environment: [String: String], _ files: SharedFiles?) -> EndpointVariant {
        func isTrue(_ variable: String, _ property: String) -> Bool {
            if environment.text(variable) != nil { return environment.isTrue(variable) }
            return (files?.value(property) ?? files?.value(property, below: "s3"))?.lowercased() == "true"
        }
        return EndpointVariant(
            isFIPS: isTrue("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            isDualStack: isTrue("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"))
    }

    /// Where a bucket is, or an access point by its ARN, whose region is the ARN's.
    /// - Throws: `invalidArgument`, `unsupported`.
    package func address(of bucket: String) throws(StoreError) -> BucketAddress {
        if let point = try AccessPoint(bucket) {
            let own = try AWSPartition.storage(point.region, variant, forAccessPoints: true)
            return BucketAddress(point, endpoint: endpoint ?? own)
        }
        let style = addressingStyle.flatMap(BucketAddress.Style.init)
        guard let endpoint else {
            return BucketAddress(
                bucket: bucket, region: region, server: try AWSPartition.storage(region, variant), style: style)
        }
        return BucketAddress(bucket: bucket, region: region, server: endpoint, style: style ?? .path)
    }

    /// What the environment, or else the profile, says is a service's endpoint; nil where neither does.
    /// - Parameter service: in small letters, e.g. `s3`.
    static func endpoint(
        of service: String, _ environment: [String: String], _ files: SharedFiles?
    ) throws(StoreError) -> String? {
        if environment.isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") { return nil }
        for name in ["AWS_ENDPOINT_URL_\(service.uppercased())", "AWS_ENDPOINT_URL"] {
            if let given = environment.text(name) { return try checked(given, name) }
        }
        guard let files, files.value("ignore_configured_endpoint_urls")?.lowercased() != "true" else { return nil }
        let configured = files.serviceValue("endpoint_url", service: service) ?? files.value("endpoint_url")
        guard let configured else { return nil }
        return try checked(configured, "endpoint_url of the profile \"\(files.profile)\"")
    }

    /// What an endpoint must be for signatures and URLs to be made with it. The text is told only where it carries no
    /// credentials.
    private static func checked(_ text: String, _ origin: String) throws(StoreError) -> String {
        func refusal(_ why: String) -> StoreError {
            StoreError(.invalidArgument, "\(origin) \(why); write it like https://example.net:9000")
        }
        guard let scheme = ["http://", "https://"].first(where: text.lowercased().hasPrefix) else {
            throw refusal("begins neither with http:// nor with https://")
        }
        var host = text.dropFirst(scheme.count)
        while host.last == "/" { host.removeLast() }
        guard !host.contains("@") else { throw refusal("contains credentials, which do not belong there") }
        guard !host.isEmpty else { throw refusal("names no host") }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw refusal("has non-ASCII letters; write such names in the form xn--…")
        }
        guard let address = ServerAddress(text) else { throw refusal("is not exactly a host and a port") }
        return address.text
    }

    static func isRegion(_ text: String) -> Bool { text.utf8.allSatisfy(isRegionByte) && text.utf8.count <= 64 }

    private static func isRegionByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

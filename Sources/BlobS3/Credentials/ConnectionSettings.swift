package import BlobStore

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
        let named = try Self.namedRegion(url.text("region"), environment, files)
        region = named ?? "us-east-1"
        isRegionNamed = named != nil
        certificates = environment.text("AWS_CA_BUNDLE") ?? files.value("ca_bundle")
        switch url.text("style") ?? files.value("addressing_style", below: "s3") {
        case nil, "auto": addressingStyle = nil
        case "path": addressingStyle = "path"
        case "virtual": addressingStyle = "virtual"
        case .some(let other):
            throw StoreError(.invalidArgument, "the style \"\(other.prefix(40))\" is not known: write path or virtual")
        }
    }

    /// The region that somebody named: first `given`, then the environment, then the profile.
    static func namedRegion(
        _ given: String?, _ environment: [String: String], _ files: SharedFiles?
    ) throws(StoreError) -> String? {
        let named =
            given ?? environment.text("AWS_REGION") ?? environment.text("AWS_DEFAULT_REGION") ?? files?.value("region")
        if let named, !named.utf8.allSatisfy(isRegionByte) || named.utf8.count > 64 {
            throw StoreError(.invalidArgument, "\"\(named.prefix(80))\" is no region: it is written like us-east-1")
        }
        return named
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
            StoreError(.invalidArgument, "\(origin) \(why): write it like https://example.net:9000")
        }
        guard let scheme = ["http://", "https://"].first(where: text.lowercased().hasPrefix) else {
            throw refusal("begins neither with http:// nor with https://")
        }
        var host = text.dropFirst(scheme.count)
        while host.last == "/" { host.removeLast() }
        guard !host.contains("@") else { throw refusal("carries credentials, which have no place in it") }
        guard !host.isEmpty else { throw refusal("names no host") }
        let isHost = host.utf8.allSatisfy { byte in
            isRegionByte(byte)
                || [UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]")].contains(byte)
        }
        guard isHost else { throw refusal("is more than a host and a port") }
        return scheme + host
    }

    private static func isRegionByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

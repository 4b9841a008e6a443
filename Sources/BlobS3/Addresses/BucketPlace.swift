internal import ObjectStorage

/// What a root's URL says of a bucket.
struct BucketPlace {
    /// The URL in its canonical form.
    let url: RootURL
    /// A bucket's name, or an access point's ARN.
    let bucket: String
    /// Empty, or with a slash at its end.
    let prefix: String

    /// - Throws: `invalidArgument`.
    init(_ given: RootURL) throws(StoreError) {
        try Self.check(given.settings, of: given)
        if let (arn, names) = try Self.accessPoint(in: given) {
            url = RootURL(scheme: given.scheme, authority: arn, names: names, settings: given.settings)
            bucket = "\(arn)/\(names[0])"
            prefix = Self.prefix(names.dropFirst())
        } else {
            guard given.authority.utf8.contains(where: { $0 != UInt8(ascii: ".") }) else {
                throw Self.refusal("s3:…", "does not name a bucket; write s3://bucket/prefix?endpoint=…&region=…")
            }
            if let letter = given.authority.unicodeScalars.first(where: { !Self.isOfBucket($0) }) {
                throw Self.refusal(
                    "s3://…",
                    "names a bucket with \"\(letter)\" in it, where letters, digits, \".\", \"-\" and \"_\" are allowed; "
                        + "an endpoint is an option, as in s3://bucket/prefix?endpoint=https://s3.example.net:9000")
            }
            url = given
            bucket = given.authority
            prefix = Self.prefix(given.names[...])
        }
    }

    private static func prefix(_ names: ArraySlice<String>) -> String { names.map { $0 + "/" }.joined() }

    private static func isOfBucket(_ letter: Unicode.Scalar) -> Bool {
        switch letter {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_": true
        default: false
        }
    }

    private static func refusal(_ shown: String, _ flaw: String) -> StoreError {
        StoreError(.invalidArgument, "the root \"\(shown)\" \(flaw)")
    }
}

extension BucketPlace {
    /// What the query of a URL of a bucket may say.
    private static let settingNames = [
        "endpoint", "region", "style", "profile", "sse", "kms-key", "storage-class", "acl", "expected-bucket-owner",
    ]

    private static func check(_ settings: [String: String], of url: RootURL) throws(StoreError) {
        let shown = "s3://\(url.authority.prefix(200))"
        if let unknown = settings.keys.filter({ !settingNames.contains($0) }).min() {
            throw refusal(
                shown,
                "has the unknown option \"\(unknown.prefix(40))\"; "
                    + "\(settingNames.joined(separator: ", ")) are allowed, and credentials do not belong in a URL")
        }
        guard settings["endpoint"]?.utf8.allSatisfy(isOfEndpoint) ?? true else {
            throw refusal(
                "\(shown)?endpoint=…",
                "has more in its endpoint than a scheme, a host and a port; write it like "
                    + "https://s3.example.net:9000, and keep credentials in the environment or in an AWS profile")
        }
    }

    /// Whether a byte can stand in an endpoint: not `@`, before which credentials would stand.
    private static func isOfEndpoint(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:/[]".utf8.contains(byte)
        }
    }

    /// An access point's ARN in a bucket's place: what stands before its last slash, and its name with what follows.
    private static func accessPoint(in url: RootURL) throws(StoreError) -> (arn: String, names: [String])? {
        guard url.authority.hasPrefix("arn:") else { return nil }
        var parts = url.authority.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        var names = url.names
        if let last = parts.last, last.hasPrefix("accesspoint:"), last != "accesspoint:" {
            names.insert(String(last.dropFirst("accesspoint:".count)), at: 0)
            parts[parts.count - 1] = "accesspoint"
        }
        guard parts.count == 6, parts[5] == "accesspoint", !names.isEmpty, !(parts + [names[0]]).joined().contains("@")
        else {
            throw refusal(
                "s3://arn:…",
                "does not name an access point; write s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix")
        }
        return (parts.joined(separator: ":"), names)
    }
}

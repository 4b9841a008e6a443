internal import ObjectStorage

/// An access point of a bucket at AWS, by its ARN: `arn:aws:s3:us-west-2:123456789012:accesspoint/name`.
/// - Source: "Referencing access points", Amazon S3 User Guide.
struct AccessPoint: Sendable, Equatable {
    let arn: String
    let region: String
    /// What stands before the endpoint's host.
    let label: String

    /// - Returns: nil for what is no ARN, but a bucket's name.
    /// - Throws: `invalidArgument`, `unsupported`.
    init?(_ text: String) throws(StoreError) {
        guard text.hasPrefix("arn:") else { return nil }
        func refusal(_ code: StoreError.Code, _ why: String) -> StoreError {
            StoreError(
                code,
                "the ARN \"\(text.prefix(120))\" \(why); write it like "
                    + "arn:aws:s3:us-west-2:123456789012:accesspoint/name, or name the bucket")
        }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        let resource =
            parts.last?.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == ":" || $0 == "/" } ?? []
        guard parts.count == 6, resource.count == 2, resource[0] == "accesspoint" else {
            throw refusal(.invalidArgument, "does not name an access point")
        }
        let (region, account, name) = (String(parts[3]), parts[4], resource[1])
        guard parts[2] == "s3", !region.isEmpty else {
            throw refusal(.unsupported, "names an access point that is not of one bucket in one region")
        }
        guard ConnectionSettings.isRegion(region), AWSPartition(region: region).id == parts[1] else {
            throw refusal(.invalidArgument, "names a region that is not in its partition")
        }
        let isAccount = account.utf8.count == 12 && account.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isAccount, BucketAddress.isHostLabel(name) else {
            throw refusal(
                .invalidArgument, "has no account of twelve digits, or no name of lower-case letters and digits")
        }
        arn = text
        self.region = region
        label = "\(name)-\(account)"
    }
}

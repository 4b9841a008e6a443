internal import ObjectStorage

/// Which of AWS' endpoints are wanted.
package struct EndpointVariant: Sendable, Equatable {
    /// With cryptography that FIPS 140 approves.
    package var isFIPS = false
    /// Also by IPv6.
    package var isDualStack = false

    package init(isFIPS: Bool = false, isDualStack: Bool = false) {
        self.isFIPS = isFIPS
        self.isDualStack = isDualStack
    }
}

/// A group of AWS' regions with accounts and names of its own.
/// - Source: "Amazon Resource Names", "Service endpoints", AWS General Reference.
struct AWSPartition: Sendable, Equatable {
    let id: String
    private let suffix: String
    /// Of the endpoints by IPv6 of services other than S3.
    private let dualStackSuffix: String

    /// The partition that a region is in; a region that is not known is taken for one of the largest.
    init(region: String) {
        let known = Self.others.first { region.hasPrefix($0.regions) }
        id = known?.id ?? "aws"
        suffix = known?.suffix ?? "amazonaws.com"
        dualStackSuffix = known?.dualStack ?? "api.aws"
    }

    private static let others: [(regions: String, id: String, suffix: String, dualStack: String)] = [
        ("cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"),
        ("eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"),
        ("us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"),
        ("us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"),
        ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        ("us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ]

    /// S3's endpoint.
    /// - Throws: `unsupported` where there is none of that kind.
    static func storage(
        _ region: String, _ variant: EndpointVariant, forAccessPoints: Bool = false
    ) throws(StoreError) -> String {
        let partition = AWSPartition(region: region)
        if variant.isFIPS, partition.id == "aws-cn" {
            throw StoreError(
                .unsupported,
                "S3 has no FIPS endpoints in \(region); unset AWS_USE_FIPS_ENDPOINT and use_fips_endpoint")
        }
        let service = (forAccessPoints ? "s3-accesspoint" : "s3") + (variant.isFIPS ? "-fips" : "")
        return "https://\(service)\(variant.isDualStack ? ".dualstack" : "").\(region).\(partition.suffix)"
    }

    /// The endpoint of a service that gives out credentials, e.g. of `sts`.
    static func issuer(_ service: String, region: String, variant: EndpointVariant) -> String {
        let partition = AWSPartition(region: region)
        // There all plain endpoints are such.
        let isPlain = !variant.isFIPS || (partition.id == "aws-us-gov" && !variant.isDualStack)
        let suffix = variant.isDualStack ? partition.dualStackSuffix : partition.suffix
        return "https://\(service)\(isPlain ? "" : "-fips").\(region).\(suffix)"
    }
}

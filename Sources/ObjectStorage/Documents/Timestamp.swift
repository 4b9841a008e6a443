internal import FoundationEssentials

/// A point in time as records hold it: RFC 3339 in UTC, to the second.
///
/// Only for people: no decision of the store compares clocks of machines, but that of which versions are the newest,
/// where a feed keeps no others.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let seconds: Int64

    /// A time by its seconds since 1970-01-01T00:00:00Z.
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// This machine's clock; within the years that can be written, however far off it is.
    public static var now: Timestamp { Timestamp(near: Date().timeIntervalSince1970) }

    init(near seconds: Double) {
        self.init(seconds: Int64(min(max(seconds, Self.years.lowerBound), Self.years.upperBound)))
    }

    /// The years 1 to 9999 in UTC: what is before or after is not written so that it can be read again.
    private static let years: ClosedRange<Double> = -62_135_596_800...253_402_300_799

    /// Reads RFC 3339; nil for anything else.
    public init?(_ text: String) {
        let style = Date.ISO8601FormatStyle()
        guard let date = try? style.parse(text), Self.years.contains(date.timeIntervalSince1970) else { return nil }
        seconds = Int64(date.timeIntervalSince1970)
    }

    /// e.g. `2026-01-31T08:05:00Z`
    public var description: String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let time = Timestamp(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a time in UTC"))
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

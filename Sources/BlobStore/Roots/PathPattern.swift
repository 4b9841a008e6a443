/// Which package paths a rule is about, e.g. `**/maven-metadata.xml` or `nightly/*`.
///
/// `*` stands for any text within a segment, and the segment `**` for any number of segments, none of them too. All
/// else stands for itself, by its UTF-8 bytes.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    private let segments: [[UInt8]]
    private static let anySegments = Array("**".utf8)
    private static let star = UInt8(ascii: "*")

    /// Reads a pattern.
    /// - Throws: `invalidArgument` for what no path can fit.
    public init(_ text: String) throws(StoreError) {
        self.text = text
        segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        let isSound = segments.allSatisfy { !$0.isEmpty && !$0.contains(0) && $0 != Array(".".utf8) }
        guard isSound, text.utf8.count <= 900 else {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" is not a pattern of package paths; write it as dir/*, or **/name")
        }
    }

    public var description: String { text }

    /// Whether the text of a package path fits.
    package func matches(_ path: String) -> Bool {
        let names = path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        return Self.fits(names, segments.map { $0 == Self.anySegments ? nil : $0 }) { name, part in
            Self.fits(name, part.map { $0 == Self.star ? nil : $0 }) { $0 == $1 }
        }
    }

    /// Whether a row of items fits parts, of which nil stands for any number of items.
    private static func fits<Item, Part>(_ items: [Item], _ parts: [Part?], _ isFit: (Item, Part) -> Bool) -> Bool {
        var (item, part) = (0, 0)
        // Where to go on with one item more, at the last part that takes any number.
        var retry: (item: Int, part: Int)?
        while item < items.count {
            if part < parts.count, let wanted = parts[part] {
                if isFit(items[item], wanted) {
                    item += 1
                    part += 1
                    continue
                }
            } else if part < parts.count {
                part += 1
                retry = (item, part)
                continue
            }
            guard let (from, next) = retry else { return false }
            retry = (from + 1, next)
            (item, part) = (from + 1, next)
        }
        return parts[part...].allSatisfy { $0 == nil }
    }
}

extension PathPattern: Codable {
    public init(from decoder: any Decoder) throws {
        self = try PathPattern(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

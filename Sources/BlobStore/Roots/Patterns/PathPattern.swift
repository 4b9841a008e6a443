/// Which package paths a rule is about, e.g. `**/maven-metadata.xml` or `nightly/*`.
///
/// `*` stands for any text within a segment, and the segment `**` for any number of segments, none of them too. All
/// else stands for itself, byte for byte.
/// Such patterns are kept in the records of feeds, so they mean the same for ever; what people write on a command line
/// is a `PathGlob`, which knows more signs.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    private let matcher: PathMatcher

    /// Reads a pattern.
    /// - Throws: `invalidArgument` for what no path can fit.
    public init(_ text: String) throws(StoreError) {
        self.text = text
        let segments = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(Array.init)
        matcher = PathMatcher(
            segments: segments.map { $0 == ["*", "*"] ? nil : $0.map { $0 == "*" ? .any : .scalar($0) } })
        let isSound = segments.allSatisfy { !$0.isEmpty && !$0.contains("\0") && $0 != ["."] }
        guard isSound, text.utf8.count <= 900 else {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" is not a pattern of package paths; write it as dir/*, or **/name")
        }
    }

    public var description: String { text }

    /// Whether the text of a package path fits.
    package func matches(_ path: String) -> Bool { matcher.matches(path) }
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

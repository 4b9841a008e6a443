/// The path of a package file inside its feed, e.g. `left-pad/1.3.0/left-pad-1.3.0.tgz`.
///
/// It keeps its case and its Unicode exactly: two paths are equal when their UTF-8 bytes are. It is relative, has
/// no empty segment, no `.` or `..`, and no NUL byte.
public struct PackagePath: Sendable, CustomStringConvertible {
    /// The path as the publisher wrote it, in UTF-8, with `/` between segments.
    public let text: String
    /// Where its record stands in the feed root.
    package let key: Key

    /// Validates a path.
    /// - Throws: `invalidKey`, with the rule that was broken.
    public init(_ text: String) throws(StoreError) {
        if let flaw = Self.flaw(in: text) {
            throw StoreError(.invalidKey, "the package path \"\(text.prefix(200))\" \(flaw)")
        }
        self.text = text
        key = try Self.escaped(text)
    }

    /// Validates a path that came as bytes, from a file name or a command line.
    /// - Throws: `invalidKey`, also for bytes that are no UTF-8.
    public init(utf8 bytes: some Collection<UInt8>) throws(StoreError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let shown = String(decoding: bytes.prefix(200), as: UTF8.self)
            throw StoreError(.invalidKey, "the package path \"\(shown)\" is not valid UTF-8")
        }
        self = try PackagePath(text)
    }

    public var description: String { text }

    /// The last segment: the file's name.
    ///
    /// By bytes: a letter that combines with the slash before it is the first of a name.
    public var name: String {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text }
        return String(text[text.utf8.index(after: slash)...])
    }

    private static func flaw(in text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if text.utf8.contains(0) { return "has a NUL byte" }
        if text.utf8.first == UInt8(ascii: "/") { return "is absolute; write it relative to the feed" }
        for segment in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if segment.isEmpty { return "has an empty segment" }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
                return "has the segment \"\(Substring(segment))\""
            }
        }
        return nil
    }
}

extension PackagePath: Hashable, Comparable {
    public static func == (left: PackagePath, right: PackagePath) -> Bool { left.key == right.key }

    public func hash(into hasher: inout Swift.Hasher) { hasher.combine(key) }

    /// Key order, the order of every listing.
    public static func < (left: PackagePath, right: PackagePath) -> Bool { left.key < right.key }
}

extension PackagePath: Codable {
    public init(from decoder: any Decoder) throws {
        self = try PackagePath(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension PathPattern {
    /// Whether a path fits.
    public func matches(_ path: PackagePath) -> Bool { matches(path.text) }
}

extension FeedRecord {
    /// Whether other content may replace what is published at a path.
    public func admitsReplacing(_ path: PackagePath) -> Bool {
        mutable || replaceable?.contains { $0.matches(path) } == true
    }
}

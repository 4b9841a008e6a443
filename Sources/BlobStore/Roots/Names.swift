/// A feed's name: `[a-z0-9][a-z0-9._-]{0,62}`, no DOS device name, no dot at its end, not ending in `.json`.
public struct FeedName: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// - Throws: `invalidArgument`, with the rule that was broken.
    public init(_ text: String) throws(StoreError) {
        self.text = try validName(text, of: "feed")
    }

    public var description: String { text }

    public init(from decoder: any Decoder) throws {
        self = try FeedName(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public static func < (left: FeedName, right: FeedName) -> Bool { left.text < right.text }
}

/// A node's name, by the same rule as a ``FeedName``.
public struct NodeName: Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// - Throws: `invalidArgument`, with the rule that was broken.
    public init(_ text: String) throws(StoreError) {
        self.text = try validName(text, of: "node")
    }

    public var description: String { text }
}

func validName(_ text: String, of thing: String) throws(StoreError) -> String {
    guard let flaw = flaw(inName: text) else { return text }
    throw StoreError(
        .invalidArgument,
        "\"\(text.prefix(100))\" is not a valid \(thing) name because it \(flaw); use a-z, 0-9 and . _ -, at most 63 characters"
    )
}

private func flaw(inName text: String) -> String? {
    let bytes = text.utf8
    guard let first = bytes.first else { return "is empty" }
    if bytes.count > 63 { return "is \(bytes.count) characters long" }
    let isAlphanumeric: (UInt8) -> Bool = {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    if bytes.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) {
        return "has capital letters, which collide on case-insensitive shares"
    }
    if !bytes.allSatisfy({ isAlphanumeric($0) || "._-".utf8.contains($0) }) { return "has other characters" }
    if !isAlphanumeric(first) { return "starts with \"\(text.prefix(1))\"" }
    if text.hasSuffix(".") { return "ends with a dot" }
    if text.hasSuffix(".json") { return "ends in .json" }
    if DOSDevice.isName(text) { return "is a DOS device name" }
    return nil
}

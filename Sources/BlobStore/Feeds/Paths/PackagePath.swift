internal import BlobCrypto

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

    /// The folders on the way, and the file's name. Cut by bytes, too.
    package var segments: [String] {
        text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
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

/// How paths become keys: safe and unique on case-insensitive SMB shares, on S3 and on ext4 alike, and reversible.
///
/// In each segment an upper-case ASCII letter becomes `!` and its lower case; and these become `%` and two hex
/// digits: `! ~ %`, control characters, `" * : < > ? | \`, bytes that are not ASCII, a leading or trailing dot or
/// space, the dot of a `.json` that ends a folder's name, and the first letter of a DOS device name if it is lower
/// case.
extension PackagePath {
    /// A segment is at most this long when escaped.
    package static let maximumSegmentBytes = 200
    /// A record's key is at most this long, so that a root's own prefix fits before it.
    package static let maximumKeyBytes = 900

    /// The key of the record of a valid path.
    static func escaped(_ text: String) throws(StoreError) -> Key {
        var key = FeedLayout.packages.text
        var segments = text.utf8.split(separator: UInt8(ascii: "/"))[...]
        while let segment = segments.popFirst() {
            let name = escaped(segment: segment, isFolder: !segments.isEmpty)
            guard name.utf8.count <= maximumSegmentBytes else {
                throw tooLong(text, "a segment that takes \(name.utf8.count) bytes", limit: maximumSegmentBytes)
            }
            key += segments.isEmpty ? name + ".json" : name + "/"
        }
        guard key.utf8.count <= maximumKeyBytes else {
            throw tooLong(text, "a key of \(key.utf8.count) bytes", limit: maximumKeyBytes)
        }
        return Key(trusted: key)
    }

    /// The path whose record stands at that key.
    /// - Throws: `invalidKey` when it is none, or one that would be escaped differently.
    package init(of key: Key) throws(StoreError) {
        guard key.isRecord, FeedLayout.packages.contains(key) else { throw Self.foreign(key.text) }
        let name = Substring(
            key.text.utf8.dropFirst(FeedLayout.packages.text.utf8.count).dropLast(".json".utf8.count))
        if Self.isPlain(name) {
            text = String(name)
            self.key = key
            return
        }
        guard let text = Self.unescaped(name), let path = try? PackagePath(text), path.key == key else {
            throw Self.foreign(key.text)
        }
        self = path
    }

    /// The folder of records below a folder of paths (empty, or with a `/` at its end).
    package static func folder(_ text: some StringProtocol) -> KeyPrefix {
        let segments = String(text).utf8.split(separator: UInt8(ascii: "/"))
        return KeyPrefix(
            trusted: FeedLayout.packages.text + segments.map { escaped(segment: $0, isFolder: true) + "/" }.joined())
    }

    /// The folder of paths whose records stand in that folder; nil when it is none.
    package static func text(of folder: KeyPrefix) -> String? {
        guard folder.text.hasPrefix(FeedLayout.packages.text) else { return nil }
        let name = folder.text.dropFirst(FeedLayout.packages.text.count)
        guard let text = unescaped(name), Self.folder(text) == folder else { return nil }
        return text
    }

    private static func tooLong(_ text: String, _ what: String, limit: Int) -> StoreError {
        StoreError(
            .invalidKey,
            "the package path \"\(text.prefix(80))…\" is too long; it needs \(what), and the limit is \(limit)")
    }

    private static func foreign(_ key: String) -> StoreError {
        StoreError(.invalidKey, "the key \(key) is not the key of any package path")
    }
}

extension PackagePath {
    private static func escaped(segment: some BidirectionalCollection<UInt8>, isFolder: Bool) -> String {
        let bytes = Array(segment)
        var escaped: [UInt8] = []
        escaped.reserveCapacity(bytes.count + 8)
        let jsonDot = isFolder && bytes.suffix(5).elementsEqual(".json".utf8) ? bytes.count - 5 : nil
        let isDevice = DOSDevice.isName(String(decoding: bytes, as: UTF8.self))
        for (index, byte) in bytes.enumerated() {
            let isEdge = index == 0 || index == bytes.count - 1
            if isUpper(byte) {
                escaped += [UInt8(ascii: "!"), byte + 32]
            } else if needsPercent(byte) || index == jsonDot || (index == 0 && isDevice)
                || (isEdge && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ")))
            {
                escaped += [UInt8(ascii: "%"), Hex.digit(byte >> 4), Hex.digit(byte)]
            } else {
                escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// Undoes the escaping; nil for what no escaping yields, as far as can be seen without escaping again.
    private static func unescaped(_ name: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "!"):
                guard let letter = rest.popFirst(), isUpper(letter &- 32) else { return nil }
                bytes.append(letter - 32)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(), let byte = Hex.byte(high, low) else {
                    return nil
                }
                bytes.append(byte)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Whether what is a key stands for itself, so that there is nothing to decode and escape again: as of most paths.
    private static func isPlain(_ name: Substring) -> Bool {
        if name.isEmpty || FeedLayout.packages.text.utf8.count + name.utf8.count + 5 > maximumKeyBytes { return false }
        var name = name
        // In one pass over bytes that lie side by side: each name of a listing comes here.
        return name.withUTF8 { bytes in
            var start = 0
            for index in bytes.indices {
                switch bytes[index] {
                case UInt8(ascii: "!"), UInt8(ascii: "%"): return false
                case UInt8(ascii: "/"):
                    guard isPlain(segment: UnsafeBufferPointer(rebasing: bytes[start..<index])) else { return false }
                    start = index + 1
                default: break
                }
            }
            return isPlain(segment: UnsafeBufferPointer(rebasing: bytes[start...]))
        }
    }

    /// Of a segment without `!` and `%`.
    private static func isPlain(segment: UnsafeBufferPointer<UInt8>) -> Bool {
        // What is left of a key's name without its `.json` may end as no path does.
        guard let last = segment.last, last != UInt8(ascii: "."), last != UInt8(ascii: " ") else { return false }
        guard segment.count <= maximumSegmentBytes else { return false }
        return !mayBeDevice(segment) || !DOSDevice.isName(String(decoding: segment, as: UTF8.self))
    }

    /// Whether it begins as the name of a DOS device, all of which begin with one of six words of three letters.
    private static func mayBeDevice(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
        segment.count >= 3 && devices.contains(firstLetters(segment))
    }

    private static let devices = DOSDevice.beginnings.map(firstLetters)

    private static func firstLetters(_ name: some Sequence<UInt8>) -> UInt32 {
        name.prefix(3).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    private static func needsPercent(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "\""), UInt8(ascii: "*"): true
        case UInt8(ascii: ":"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "?"), UInt8(ascii: "|"): true
        case UInt8(ascii: "\\"): true
        default: byte < 0x20 || byte >= 0x7F
        }
    }
}

/// The name of an object or a record: a relative path that is safe and unique on every backend.
///
/// A key is validated here, once, and nowhere else. It is 1 to 1,024 bytes of segments joined by `/`. A segment
/// is 1 to 255 bytes of printable ASCII, without capitals and without `" * : < > ? | \ ~`, and neither starts nor
/// ends with a dot or a space. No segment but the last ends in `.json`. What users name is escaped into this form
/// by `PackagePath`; so two different keys never meet on a case-insensitive share, and a record never takes the
/// name of a folder.
public struct Key: Hashable, Sendable, CustomStringConvertible {
    /// The key as text; ASCII only.
    public let text: String

    /// Validates `text`.
    /// - Throws: `invalidKey`, with the rule that was broken.
    public init(_ text: String) throws(StoreError) {
        if let flaw = Self.flaw(in: text) {
            throw StoreError(.invalidKey, "the key \"\(text.prefix(200))\" \(flaw)")
        }
        self.text = text
    }

    /// A key whose parts are known to be valid, put together by the layout.
    package init(trusted text: String) {
        assert(Self.flaw(in: text) == nil, "the layout made an invalid key: \(text)")
        self.text = text
    }

    public var description: String { text }

    /// Whether the key names a record (its name ends in `.json`) or an object.
    public var isRecord: Bool { text.utf8.count > 5 && text.hasSuffix(".json") }

    /// The folder that holds this key.
    public var folder: KeyPrefix {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return .root }
        return KeyPrefix(trusted: String(text[...slash]))
    }

    /// The last segment.
    public var name: Substring {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text[...] }
        return text[text.utf8.index(after: slash)...]
    }
}

extension Key: Comparable {
    /// Key order: the order of the UTF-8 bytes, the same on every backend.
    public static func < (left: Key, right: Key) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension Key {
    package static let maximumBytes = 1_024
    package static let maximumSegmentBytes = 255

    /// What is wrong with `text` as a key; nil when nothing is.
    static func flaw(in text: String) -> String? {
        let bytes = text.utf8
        if bytes.isEmpty { return "is empty" }
        if bytes.count > maximumBytes { return "is longer than \(maximumBytes) bytes" }
        var segments = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        while let segment = segments.popFirst() {
            if let flaw = segmentFlaw(segment, isLast: segments.isEmpty) { return flaw }
        }
        return nil
    }

    /// Whether `segment` can stand in a key: for backends that find names on a disk.
    /// - Parameter isLast: whether it is the key's name rather than a folder.
    package static func isSegment(_ segment: UnsafeRawBufferPointer, isLast: Bool) -> Bool {
        segmentFlaw(segment, isLast: isLast) == nil
    }

    private static func segmentFlaw(_ segment: some BidirectionalCollection<UInt8>, isLast: Bool) -> String? {
        guard let first = segment.first, let last = segment.last else { return "has an empty segment" }
        if segment.count > maximumSegmentBytes { return "has a segment over \(maximumSegmentBytes) bytes" }
        if !segment.allSatisfy(isAllowed) { return "has a character that keys do not allow" }
        for edge in [first, last] where edge == UInt8(ascii: ".") || edge == UInt8(ascii: " ") {
            return "has a segment that starts or ends with a dot or a space"
        }
        if !isLast && segment.suffix(5).elementsEqual(".json".utf8) { return "has a folder named like a record" }
        return nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): false
        case UInt8(ascii: "\""), UInt8(ascii: "*"), UInt8(ascii: ":"), UInt8(ascii: "<"), UInt8(ascii: ">"): false
        case UInt8(ascii: "?"), UInt8(ascii: "|"), UInt8(ascii: "\\"), UInt8(ascii: "~"), UInt8(ascii: "/"): false
        default: (0x20..<0x7F).contains(byte)
        }
    }
}

extension Key {
    /// Refuses a record's key where an object's is due: the first step of every operation on objects.
    /// - Throws: `invalidKey`.
    public func expectObject() throws(StoreError) {
        guard isRecord else { return }
        throw StoreError(.invalidKey, "the key \"\(text)\" names a record, but an object was asked for")
    }

    /// Refuses an object's key where a record's is due: the first step of every operation on records.
    /// - Throws: `invalidKey`.
    public func expectRecord() throws(StoreError) {
        if isRecord { return }
        throw StoreError(.invalidKey, "the key \"\(text)\" names an object, but a record (….json) was asked for")
    }
}

/// Names that Windows and SMB servers keep for devices, whatever extension follows.
///
/// - Source: Microsoft, "Naming Files, Paths, and Namespaces".
package enum DOSDevice {
    /// How every such name begins, if it is in lower case.
    package static let beginnings = ["con", "prn", "aux", "nul", "com", "lpt"].map { Array($0.utf8) }

    /// Whether a file of that name would be a device: the name up to its first dot, without trailing spaces, in any
    /// case, is `con prn aux nul com0-9 lpt0-9 conin$ conout$`.
    package static func isName(_ name: some StringProtocol) -> Bool {
        var stem = Array(name.utf8.prefix { $0 != UInt8(ascii: ".") })[...]
        while stem.last == UInt8(ascii: " ") { stem = stem.dropLast() }
        guard stem.count >= 3, stem.count <= 7 else { return false }
        let lower = String(decoding: stem.map(lowered), as: UTF8.self)
        if ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(lower) { return true }
        guard lower.utf8.count == 4, let digit = lower.utf8.last else { return false }
        return (lower.hasPrefix("com") || lower.hasPrefix("lpt"))
            && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}

/// A folder of keys: empty for the whole storage, else key segments that end with `/`.
public struct KeyPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The folder as text: empty, or with a `/` at its end.
    public let text: String

    /// The whole storage.
    public static let root = KeyPrefix(trusted: "")

    /// Validates `text`, which is empty or ends with `/`.
    /// - Throws: `invalidKey`, with the rule that was broken.
    public init(_ text: String) throws(StoreError) {
        if !text.isEmpty {
            guard text.hasSuffix("/") else {
                throw StoreError(.invalidKey, "the folder \"\(text.prefix(200))\" does not end with a slash")
            }
            // A folder is what stands before a name: valid where a key with one more segment is.
            if let flaw = Key.flaw(in: text + "x") {
                throw StoreError(.invalidKey, "the folder \"\(text.prefix(200))\" \(flaw)")
            }
        }
        self.text = text
    }

    /// A folder whose parts are known to be valid, put together by the layout.
    package init(trusted text: String) {
        assert(text.isEmpty || text.hasSuffix("/"), "the layout made an invalid folder: \(text)")
        self.text = text
    }

    public var description: String { text }

    /// Whether `key` stands in this folder or below it.
    public func contains(_ key: Key) -> Bool { key.text.utf8.starts(with: text.utf8) }

    /// The key of that name below this folder.
    /// - Throws: `invalidKey` when the two together break a rule of ``Key``.
    public func appending(_ name: some StringProtocol) throws(StoreError) -> Key { try Key(text + name) }
}

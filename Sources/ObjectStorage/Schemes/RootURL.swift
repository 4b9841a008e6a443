internal import BlobCrypto
internal import BlobSystem

/// Where a root is: a scheme, what stands behind it, and settings. What they mean, the scheme alone knows.
///
///     s3://bucket/some/prefix?endpoint=http://127.0.0.1:9000&region=us-east-1
///     scheme: s3   authority: bucket   names: some, prefix   settings: endpoint, region
///
/// A text without a scheme is a path of this machine, short for `file://`.
///
/// *Guarantees*: the description reads back as the same URL, byte by byte. Neither user nor password stands in it.
/// - Source: RFC 3986; it is more lenient about letters that should be percent-encoded.
public struct RootURL: Sendable, CustomStringConvertible {
    /// What stands before `://`, e.g. `s3`.
    public let scheme: String
    /// What stands between `://` and the next slash: a bucket, a host; empty for a path.
    public let authority: String
    /// The names on the way from there, the outermost first; none of them is empty.
    public let names: [String]
    /// What the query says.
    public let settings: [String: String]
    /// The URL, e.g. `file:///mnt/nas/packages`.
    public let description: String

    /// The URL of these parts.
    public init(scheme: String, authority: String = "", names: [String] = [], settings: [String: String] = [:]) {
        self.scheme = scheme
        self.authority = authority
        self.names = names
        self.settings = settings
        let plain = Self.text(
            scheme: scheme, authority: authority, names: names, settings: settings, encoded: Self.encoded)
        // Older versions take a percent sign for itself where a bucket's URL has a letter that URLs do not have.
        let isSplit = !authority.isEmpty && plain.utf8.contains(UInt8(ascii: "%"))
        description =
            isSplit
            ? Self.text(
                scheme: scheme, authority: authority, names: names, settings: settings, encoded: Self.fullyEncoded)
            : plain
    }

    /// Reads a path (relative to the working directory, or absolute) or a URL: its form, and not what it means.
    ///
    /// What a person wrote is read with ``StorageSchemes/url(_:)``, which also asks the scheme.
    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(StoreError) {
        if text.isEmpty { throw Self.refusal(text, "is empty") }
        if text.utf8.contains(0) { throw Self.refusal(text, "has a NUL byte") }
        guard let scheme = Self.scheme(of: text) else {
            self.init(scheme: "file", names: try Self.absolute(text))
            return
        }
        let rest = text.utf8.dropFirst(scheme.utf8.count + "://".utf8.count)
        guard Self.isScheme(scheme) else {
            throw Self.refusal(text, "has the scheme \"\(scheme.prefix(40))\", which is not a name")
        }
        guard !rest.contains(UInt8(ascii: "#")) else { throw Self.refusal(text, "has a #; write %23 instead") }
        let parts = rest.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let authority = parts[0].prefix { $0 != UInt8(ascii: "/") }
        let path = parts[0][authority.endIndex...]
        guard !authority.isEmpty || !path.isEmpty else { throw Self.refusal(text, "names no place") }
        let host = try Self.decoded(authority, of: text)
        guard !host.utf8.contains(UInt8(ascii: "@")) else {
            throw Self.refusal(
                text, "contains credentials, which do not belong in a URL; keep them in the environment or in a profile"
            )
        }
        self.init(
            scheme: scheme, authority: host, names: Self.names(try Self.decoded(path, of: text)),
            settings: parts.count < 2 ? [:] : try Self.settings(parts[1], of: text))
    }

    /// The place of that folder below this one.
    public func appending(_ folder: KeyPrefix) -> RootURL {
        at(names + Self.names(folder.text))
    }

    /// The places that this one lies in, the nearest first.
    public var parents: [RootURL] {
        names.indices.reversed().map { at(Array(names[..<$0])) }
    }

    private func at(_ names: [String]) -> RootURL {
        RootURL(scheme: scheme, authority: authority, names: names, settings: settings)
    }
}

extension RootURL {
    /// What stands before `://`; nil for a path.
    static func scheme(of text: String) -> String? {
        text.utf8.firstRange(of: "://".utf8).map { String(text[..<$0.lowerBound]) }
    }

    private static func isScheme(_ text: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard let first = text.utf8.first, letters.contains(first) else { return false }
        return text.utf8.allSatisfy { letters.contains($0) || "0123456789+-.".utf8.contains($0) }
    }

    /// The path's names from `/`, without `.`; `..` stays, since links decide what it means.
    private static func absolute(_ path: String) throws(StoreError) -> [String] {
        var full = path
        if !path.hasPrefix("/") {
            guard let current = WorkingDirectory.path else {
                throw refusal(path, "is relative, and the working directory is gone; write it from /")
            }
            full = current + "/" + path
        }
        return names(full).filter { $0 != "." }
    }

    /// Byte by byte, as a kernel and a bucket see it: to Swift a slash before an accent is another letter.
    private static func names(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    private static func settings(_ query: Substring.UTF8View, of text: String) throws(StoreError) -> [String: String] {
        var settings: [String: String] = [:]
        for item in query.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decoded(parts[0], of: text)
            let value = parts.count < 2 ? "" : try decoded(parts[1], of: text)
            guard settings.updateValue(value, forKey: name) == nil else {
                throw refusal(text, "has the option \"\(name.prefix(40))\" twice")
            }
        }
        return settings
    }
}

// MARK: - Percent-encoding

extension RootURL {
    /// Undoes percent-encoding. Letters that should have been encoded stand for themselves.
    private static func decoded(_ part: Substring.UTF8View, of text: String) throws(StoreError) -> String {
        var bytes: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let byte = Hex.byte(high, low, takesCapitals: true)
            else { throw brokenEncoding(text) }
            bytes.append(byte)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw brokenEncoding(text) }
        guard !bytes.contains(0) else { throw refusal(text, "has a NUL byte") }
        return decoded
    }

    private static func brokenEncoding(_ text: String) -> StoreError {
        refusal(text, "has a percent sign that is not followed by two hex digits of UTF-8")
    }

    private static func text(
        scheme: String, authority: String, names: [String], settings: [String: String],
        encoded: (String) -> String
    ) -> String {
        let path = names.map { "/" + encoded($0) }.joined()
        // A slash within an authority would end it.
        let host = encoded(authority).replacing("/", with: "%2f")
        let place = scheme + "://" + host + (authority.isEmpty && path.isEmpty ? "/" : path)
        let query = settings.sorted { $0.key < $1.key }.map { "\(encoded($0.key))=\(encoded($0.value))" }
        return query.isEmpty ? place : place + "?" + query.joined(separator: "&")
    }

    /// Percent-encodes what would end a path or begin another part of a URL.
    private static func encoded(_ part: String) -> String {
        encoded(part) { $0.value > 0x20 && $0.value != 0x7F && !"%?#&=+".unicodeScalars.contains($0) }
    }

    /// Percent-encodes also what RFC 3986 wants encoded.
    private static func fullyEncoded(_ part: String) -> String {
        encoded(part) { (0x21..<0x7F).contains($0.value) && !"%?#&=+[]|\"<>^`{}\\".unicodeScalars.contains($0) }
    }

    private static func encoded(_ part: String, _ isPlain: (Unicode.Scalar) -> Bool) -> String {
        var text = ""
        for scalar in part.unicodeScalars {
            if isPlain(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                for byte in String(scalar).utf8 { text += "%" + Hex.text(byte, count: 2) }
            }
        }
        return text
    }
}

// MARK: - Refusing

extension RootURL {
    static func refusal(_ text: String, _ flaw: String) -> StoreError {
        StoreError(.invalidArgument, "the root \"\(redacted(text).prefix(200))\" \(flaw)")
    }

    /// What may be told of a text that is no root: of a URL neither what stands before an `@`, nor what follows a `?`
    /// or a `#`.
    private static func redacted(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return text }
        var rest = text[scheme.upperBound...].replacing("%40", with: "@")
        if let at = rest.lastIndex(of: "@") { rest = "…" + rest[at...] }
        if let end = rest.firstIndex(where: { "?#".contains($0) }) { rest = rest[...end] + "…" }
        return String(text[..<scheme.upperBound] + rest)
    }
}

extension RootURL: Hashable {
    /// Byte by byte: names that look the same may be different places.
    public static func == (one: RootURL, other: RootURL) -> Bool {
        one.description.utf8.elementsEqual(other.description.utf8)
    }

    public func hash(into hasher: inout Swift.Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }
}

extension RootURL: Codable {
    public init(from decoder: any Decoder) throws {
        self = try RootURL(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

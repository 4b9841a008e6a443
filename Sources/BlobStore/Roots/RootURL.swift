internal import FoundationEssentials

/// Where a root is: a path, `file:///path`, or `s3://bucket/prefix?endpoint=…&region=…`.
///
/// Its text is one that can be read again. Credentials never stand in it.
public struct RootURL: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of places that roots can be in.
    public enum Place: Hashable, Sendable {
        /// An absolute path of a directory.
        case file(path: String)
        /// A bucket, a prefix that is empty or ends with `/`, and settings.
        case s3(bucket: String, prefix: String, settings: [String: String])
    }

    public let place: Place

    public init(_ place: Place) {
        self.place = place
    }

    /// Reads a path (relative to the working directory or absolute) or a URL.
    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(StoreError) {
        if text.isEmpty { throw Self.refusal(text, "is empty") }
        if text.utf8.contains(0) { throw Self.refusal(text, "has a NUL byte") }
        if text.hasPrefix("file:") {
            place = .file(path: try Self.path(ofFileURL: text))
        } else if text.hasPrefix("s3:") {
            place = try Self.s3(text)
        } else if let scheme = text.firstRange(of: "://") {
            throw Self.refusal(text, "has the scheme \"\(text[..<scheme.lowerBound])\": use a path, file:// or s3://")
        } else {
            place = .file(path: try Self.absolute(text))
        }
    }

    /// The place of that folder below this one.
    public func appending(_ folder: KeyPrefix) -> RootURL {
        switch place {
        case .file(let path):
            RootURL(.file(path: (path == "/" ? "/" : path + "/") + folder.text.dropLast()))
        case .s3(let bucket, let prefix, let settings):
            RootURL(.s3(bucket: bucket, prefix: prefix + folder.text, settings: settings))
        }
    }

    /// The URL, e.g. `file:///mnt/nas/packages`.
    public var description: String {
        switch place {
        case .file(let path): return "file://" + Self.encoded(path)
        case .s3(let bucket, let prefix, let settings):
            let query = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.encoded($0.value))" }
            let address = "s3://\(bucket)" + (prefix.isEmpty ? "" : "/" + Self.encoded(String(prefix.dropLast())))
            return query.isEmpty ? address : address + "?" + query.joined(separator: "&")
        }
    }
}

extension RootURL {
    private static func refusal(_ text: String, _ flaw: String) -> StoreError {
        StoreError(.invalidArgument, "the root \"\(redacted(text).prefix(200))\" \(flaw)")
    }

    /// What may be told of a text that is no root: of a URL neither what stands before an `@`, nor what follows a `?`.
    private static func redacted(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return text }
        var rest = text[scheme.upperBound...]
        if let at = rest.lastIndex(of: "@") { rest = "…" + rest[at...] }
        if let query = rest.firstIndex(of: "?") { rest = rest[..<query] + "?…" }
        return String(text[..<scheme.upperBound] + rest)
    }

    private static func path(ofFileURL text: String) throws(StoreError) -> String {
        let rest = text.dropFirst("file:".count)
        guard rest.hasPrefix("//") else { throw refusal(text, "is no file URL: write file:///path") }
        let afterSlashes = rest.dropFirst(2)
        let path = afterSlashes.hasPrefix("localhost/") ? afterSlashes.dropFirst("localhost".count) : afterSlashes
        guard path.hasPrefix("/") else {
            throw refusal(text, "names another machine: mount the share, and write file:///path")
        }
        guard !path.contains("?"), !path.contains("#") else {
            throw refusal(text, "has settings, which paths do not take")
        }
        guard let decoded = decoded(path), !decoded.utf8.contains(0) else {
            throw refusal(text, "has a percent sign that is not followed by two hex digits of UTF-8")
        }
        return try absolute(decoded)
    }

    /// The path from `/`, without empty and `.` segments; `..` stays, since links decide what it means.
    private static func absolute(_ path: String) throws(StoreError) -> String {
        var full = path
        if !path.hasPrefix("/") {
            guard let current = WorkingDirectory.path else {
                throw refusal(path, "is relative, and the working directory is gone: write it from /")
            }
            full = current + "/" + path
        }
        return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    private static func s3(_ text: String) throws(StoreError) -> Place {
        guard let parts = URLComponents(string: text), text.hasPrefix("s3://"), let bucket = parts.host, !bucket.isEmpty
        else { throw refusal("s3:…", "is no S3 URL: write s3://bucket/prefix?endpoint=…&region=…") }
        guard parts.user == nil, parts.password == nil else {
            throw refusal("s3://…@\(bucket)", "carries credentials: keep them in the environment or in an AWS profile")
        }
        var settings: [String: String] = [:]
        for item in parts.queryItems ?? [] {
            guard ["endpoint", "region", "style", "profile"].contains(item.name) else {
                throw refusal(
                    "s3://\(bucket)",
                    "has the setting \"\(item.name.prefix(40))\": "
                        + "endpoint, region, style and profile are known, and credentials have no place in a URL")
            }
            if item.name == "endpoint", let value = item.value, !value.utf8.allSatisfy(isOfHost) {
                throw refusal(
                    "s3://\(bucket)?endpoint=…",
                    "has more in its endpoint than a scheme, a host and a port: write it like "
                        + "https://s3.example.net:9000, and keep credentials in the environment or in an AWS profile")
            }
            guard settings.updateValue(item.value ?? "", forKey: item.name) == nil else {
                throw refusal("s3://\(bucket)", "has the setting \"\(item.name)\" twice")
            }
        }
        let segments = parts.path.split(separator: "/")
        let prefix = segments.isEmpty ? "" : segments.joined(separator: "/") + "/"
        return .s3(bucket: bucket, prefix: prefix, settings: settings)
    }

    /// Whether a byte can stand in an endpoint: not `@`, before which credentials would stand.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:/[]".utf8.contains(byte)
        }
    }

    /// Undoes percent-encoding; nil where it is broken or yields no UTF-8.
    private static func decoded(_ path: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = path.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(Substring(rest.prefix(2)), radix: 16), rest.count >= 2 else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Percent-encodes what would end a path or begin another part of a URL.
    private static func encoded(_ path: String) -> String {
        var text = ""
        for scalar in path.unicodeScalars {
            let isPlain = scalar.value > 0x20 && scalar.value != 0x7F && !"%?#&=+".unicodeScalars.contains(scalar)
            if isPlain {
                text.unicodeScalars.append(scalar)
            } else {
                for byte in String(scalar).utf8 { text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }
            }
        }
        return text
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

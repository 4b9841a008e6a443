internal import BlobHTTP
internal import HTTPTypes

/// A request's target, taken apart once: segments are split before they are decoded, and each is decoded once.
///
/// What a proxy may read as another path is refused: an encoded slash, a NUL byte, an empty segment, `.` and `..`.
/// - Source: RFC 3986, sections 2.4 and 3.3.
struct Target: Sendable, Equatable {
    /// The path's segments, decoded; without the empty one behind a slash at the end.
    let segments: [String]
    /// Whether the path ends with a slash: it names a folder.
    let isFolder: Bool
    /// What stands behind the question mark, by name; of several the first counts.
    let query: [String: String]

    /// Of a target that cannot be read.
    static let none = Target(segments: [], isFolder: false, query: [:])

    private init(segments: [String], isFolder: Bool, query: [String: String]) {
        self.segments = segments
        self.isFolder = isFolder
        self.query = query
    }

    init(_ text: String) throws(Problem) {
        // By bytes: a letter that combines with a slash is a letter of its own.
        let parts = text.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.first == UInt8(ascii: "/") else {
            throw Problem(.badRequest, "the target is not a path")
        }
        var raw = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        isFolder = raw.last?.isEmpty ?? true
        if isFolder { raw = raw.dropLast() }
        var segments: [String] = []
        for segment in raw { segments.append(try Self.decoded(Substring(segment))) }
        self.segments = segments
        query = try parts.count == 2 ? Self.query(Substring(parts[1])) : [:]
    }

    private static func decoded(_ segment: Substring) throws(Problem) -> String {
        guard !segment.utf8.contains(UInt8(ascii: "#")), let text = PercentEncoding.decode(segment) else {
            throw Problem(.badRequest, "the path is not UTF-8 in percent encoding")
        }
        let flaw: String? =
            switch text {
            case "": "has an empty segment"
            case ".", "..": "has the segment \"\(text)\""
            case _ where text.utf8.contains(UInt8(ascii: "/")): "has an encoded slash"
            case _ where text.utf8.contains(0): "has a NUL byte"
            default: nil
            }
        if let flaw { throw Problem(.badRequest, code: "invalidKey", "the path \(flaw)") }
        return text
    }

    private static func query(_ text: Substring) throws(Problem) -> [String: String] {
        var query: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = PercentEncoding.decodeForm(parts[0]),
                let value = PercentEncoding.decodeForm(parts.count == 2 ? parts[1] : "")
            else { throw Problem(.badRequest, "the query is not UTF-8 in percent encoding") }
            if query[name] == nil { query[name] = value }
        }
        return query
    }

    /// The segments from the fourth on: a package path, or a folder of packages.
    var rest: String { segments.dropFirst(3).joined(separator: "/") }
}

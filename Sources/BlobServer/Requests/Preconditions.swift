internal import BlobHTTP
internal import BlobStore
internal import HTTPTypes

/// What a request says of the content that it knows.
/// - Source: RFC 9110, section 13.
struct Preconditions: Sendable {
    private let fields: HTTPFields

    init(_ fields: HTTPFields) { self.fields = fields }

    /// What is there now.
    struct Present: Sendable {
        let tag: String
        /// Nil where nobody knows: content that was asked for by its digest.
        let modified: UTCTime?

        /// As `Last-Modified` has it.
        var lastModified: String? { modified?.httpDate }

        init(_ digest: Digest, modified: UTCTime? = nil) {
            tag = "\"\(digest)\""
            self.modified = modified
        }

        init(_ record: PackageRecord) {
            self.init(record.digest, modified: UTCTime(seconds: record.published.seconds))
        }
    }

    enum Outcome { case proceed, notModified, failed }

    /// Whether a write has a condition, so that what is there must be looked at.
    var isConditional: Bool { fields[.ifMatch] != nil || fields[.ifNoneMatch] != nil }

    /// - Parameter present: nil where there is nothing.
    func outcome(for present: Present?, isReading: Bool) -> Outcome {
        if let tags = fields[.ifMatch] {
            guard let present, Self.matches(tags, present.tag, isWeak: false) else { return .failed }
        } else if let limit = time(.ifUnmodifiedSince), let modified = present?.modified, modified > limit {
            return .failed
        }
        if let tags = fields[.ifNoneMatch] {
            guard let present, Self.matches(tags, present.tag, isWeak: true) else { return .proceed }
            return isReading ? .notModified : .failed
        }
        guard isReading, let limit = time(.ifModifiedSince), let modified = present?.modified else { return .proceed }
        return modified > limit ? .proceed : .notModified
    }

    /// Whether a range may be served: what the client has a part of is what is there.
    func allowsRange(of present: Present) -> Bool {
        guard let text = fields[.ifRange] else { return true }
        if text.hasPrefix("\"") { return text == present.tag }
        return UTCTime(httpDate: text).map { $0 == present.modified } ?? false
    }

    private func time(_ name: HTTPField.Name) -> UTCTime? { fields[name].flatMap { UTCTime(httpDate: $0) } }

    private static func matches(_ tags: String, _ present: String, isWeak: Bool) -> Bool {
        tags.split(separator: ",").contains { part in
            var tag = part.filter { $0 != " " && $0 != "\t" }[...]
            if tag == "*" { return true }
            if isWeak && tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            return tag == present
        }
    }
}

/// A page of names.
/// - Source: ListObjectsV2.
package struct ObjectListingAnswer: XMLAnswer, Equatable {
    package static let root = "ListBucketResult"

    package struct Object: Sendable, Equatable {
        package var key = ""
        package var size: Int64 = 0
        package var modified: UTCTime?
    }

    package private(set) var objects: [Object] = []
    /// Common prefixes, in a listing with a delimiter.
    package private(set) var prefixes: [String] = []
    package private(set) var isTruncated = false
    package private(set) var nextToken: String?
    private var isEncoded = false
    private var object = Object()
    private var flaw: String?

    package init() {}

    package mutating func begin(_ name: String, in parent: String) {
        if name == "Contents" { object = Object() }
    }

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case ("Contents", "Key"): object.key = text
        case ("Contents", "Size"): set(size: text)
        case ("Contents", "LastModified"): object.modified = UTCTime(iso8601: text)
        case (Self.root, "Contents"): objects.append(object)
        case ("CommonPrefixes", "Prefix"): prefixes.append(text)
        case (Self.root, "IsTruncated"): set(isTruncated: text)
        case (Self.root, "NextContinuationToken"): nextToken = text
        case (Self.root, "EncodingType"): isEncoded = text == "url"
        case ("", Self.root): decode()
        default: break
        }
    }

    private mutating func set(size text: String) {
        guard let size = Int64(text), size >= 0 else {
            flaw = "it has a size that is no number"
            return
        }
        object.size = size
    }

    /// What is neither must not be taken for the end.
    private mutating func set(isTruncated text: String) {
        guard ["true", "false"].contains(text) else {
            flaw = "it does not say whether there is more"
            return
        }
        isTruncated = text == "true"
    }

    /// At the end, since the encoding may be told after the names.
    private mutating func decode() {
        guard isEncoded else { return }
        for index in objects.indices { objects[index].key = decoded(objects[index].key) }
        for index in prefixes.indices { prefixes[index] = decoded(prefixes[index]) }
    }

    private mutating func decoded(_ name: String) -> String {
        if let text = PercentEncoding.decodeListed(name) { return text }
        // Not UTF-8: nobody of ours wrote it; it stays as it was sent, which is no key.
        return name
    }

    package var gap: String? {
        if let flaw { return flaw }
        return objects.contains { $0.key.isEmpty } ? "it has a nameless object" : nil
    }
}

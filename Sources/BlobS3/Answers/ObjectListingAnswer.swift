internal import BlobCrypto
package import BlobHTTP

/// A page of names.
///
/// What is missing in it is the server's error, and never a value: a page that does not say whether there is more is
/// not the last, and an object without a size is not empty.
/// - Source: ListObjectsV2.
package struct ObjectListingAnswer: XMLAnswer, Equatable {
    package static let root = "ListBucketResult"

    package struct Object: Sendable, Equatable {
        package var key: String
        package let size: Int64
        package let modified: UTCTime
        /// The ETag, where it has the form of an MD5: 32 lower-case hex digits, without quotes.
        package var md5: String?
    }

    /// An object as far as its fields have come.
    private struct Draft: Equatable {
        var key: String?
        var size: Int64?
        var modified: UTCTime?
        var md5: String?
    }

    package private(set) var objects: [Object] = []
    /// Common prefixes, in a listing with a delimiter.
    package private(set) var prefixes: [String] = []
    package var isTruncated: Bool { truncation == true }
    package private(set) var nextToken: String?
    private var truncation: Bool?
    private var isEncoded = false
    private var draft = Draft()
    private var folder: String?
    private var flaw: String?

    package init() {}

    package mutating func begin(_ name: String, in parent: String) {
        if name == "Contents" { draft = Draft() }
        if name == "CommonPrefixes" { folder = nil }
    }

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case ("Contents", "Key"): draft.key = text
        case ("Contents", "Size"): draft.size = WireNumber.count(text)
        case ("Contents", "LastModified"): draft.modified = UTCTime(iso8601: text)
        case ("Contents", "ETag"): draft.md5 = Self.md5(text)
        case (Self.root, "Contents"): take()
        case ("CommonPrefixes", "Prefix"): folder = text
        case (Self.root, "CommonPrefixes"): takeFolder()
        case (Self.root, "IsTruncated"): truncation = ["true": true, "false": false][text]
        case (Self.root, "NextContinuationToken"): nextToken = text.isEmpty ? nil : text
        case (Self.root, "EncodingType"): isEncoded = text == "url"
        case ("", Self.root): decode()
        default: break
        }
    }

    private mutating func take() {
        guard let key = draft.key, !key.isEmpty else { return note("it has an object without a name") }
        guard let size = draft.size else { return note("it has an object without a size that is a number") }
        guard let modified = draft.modified else { return note("it has an object without the time of its last change") }
        objects.append(Object(key: key, size: size, modified: modified, md5: draft.md5))
    }

    /// Nil for an ETag of another form, such as that of an object in parts.
    private static func md5(_ etag: String) -> String? {
        let bare = etag.filter { $0 != "\"" }
        let isMD5 = bare.utf8.count == 32 && Hex.isLowerCase(bare.utf8)
        return isMD5 ? bare : nil
    }

    private mutating func takeFolder() {
        guard let folder, !folder.isEmpty else { return note("it has a folder without a name") }
        prefixes.append(folder)
    }

    private mutating func note(_ flaw: String) { self.flaw = self.flaw ?? flaw }

    /// At the end, since the encoding may be told after the names.
    private mutating func decode() {
        guard isEncoded else { return }
        for index in objects.indices { objects[index].key = decoded(objects[index].key) }
        for index in prefixes.indices { prefixes[index] = decoded(prefixes[index]) }
    }

    private mutating func decoded(_ name: String) -> String {
        if let text = PercentEncoding.decodeForm(name) { return text }
        // Not UTF-8: nobody of ours wrote it; it stays as it was sent, which is no key.
        return name
    }

    package var gap: String? {
        if let flaw { return flaw }
        guard let truncation else { return "it does not say whether there is more" }
        return truncation && nextToken == nil ? "it says that there is more but not how to get it" : nil
    }
}

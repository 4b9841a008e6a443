package import BlobHTTP

/// A page of multipart uploads that were begun and not ended.
/// - Source: ListMultipartUploads.
package struct UploadListingAnswer: XMLAnswer, Equatable {
    package static let root = "ListMultipartUploadsResult"

    package struct Upload: Sendable, Equatable {
        package var key = ""
        package var id = ""
        package var initiated: UTCTime?
    }

    package var isTruncated: Bool { truncation == true }

    package private(set) var uploads: [Upload] = []
    package private(set) var nextKey: String?
    package private(set) var nextID: String?
    private var truncation: Bool?
    private var isEncoded = false
    private var upload = Upload()

    package init() {}

    package mutating func begin(_ name: String, in parent: String) {
        if name == "Upload" { upload = Upload() }
    }

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case ("Upload", "Key"): upload.key = text
        case ("Upload", "UploadId"): upload.id = text
        case ("Upload", "Initiated"): upload.initiated = UTCTime(iso8601: text)
        case (Self.root, "Upload"): uploads.append(upload)
        case (Self.root, "IsTruncated"): truncation = ["true": true, "false": false][text]
        case (Self.root, "NextKeyMarker"): nextKey = text.isEmpty ? nil : text
        case (Self.root, "NextUploadIdMarker"): nextID = text.isEmpty ? nil : text
        case (Self.root, "EncodingType"): isEncoded = text == "url"
        case ("", Self.root): decode()
        default: break
        }
    }

    private mutating func decode() {
        guard isEncoded else { return }
        for index in uploads.indices {
            uploads[index].key = PercentEncoding.decodeForm(uploads[index].key) ?? uploads[index].key
        }
        nextKey = nextKey.map { PercentEncoding.decodeForm($0) ?? $0 }
    }

    package var gap: String? {
        if uploads.contains(where: { $0.key.isEmpty || $0.id.isEmpty }) { return "it has an upload without a name" }
        if uploads.contains(where: { $0.initiated == nil }) { return "it has an upload without its time" }
        guard let truncation else { return "it does not say whether there is more" }
        return truncation && (nextKey == nil || nextID == nil)
            ? "it says that there is more but not how to get it" : nil
    }
}

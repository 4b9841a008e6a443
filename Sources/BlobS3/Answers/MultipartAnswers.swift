internal import BlobHTTP
internal import ObjectStorage

/// The id of a multipart upload that was begun.
/// - Source: CreateMultipartUpload.
package struct UploadBegunAnswer: XMLAnswer, Equatable {
    package static let root = "InitiateMultipartUploadResult"
    package private(set) var id = ""

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == Self.root, name == "UploadId" { id = text }
    }

    package var gap: String? { id.isEmpty ? "it has no upload id" : nil }
}

/// A multipart upload that was completed. A server may begin to answer 200 before it knows, and then tell an error.
/// - Source: CompleteMultipartUpload.
package struct UploadCompletedAnswer: XMLAnswer, Equatable {
    package static let root = "CompleteMultipartUploadResult"
    package private(set) var etag: String?

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == Self.root, name == "ETag" { etag = text }
    }
}

/// An object that was copied. A server may begin to answer 200 before it knows, and then tell an error.
/// - Source: CopyObject.
package struct ObjectCopiedAnswer: XMLAnswer, Equatable {
    package static let root = "CopyObjectResult"
    package private(set) var etag: String?

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == Self.root, name == "ETag" { etag = text }
    }
}

/// A part that was copied.
/// - Source: UploadPartCopy.
package struct PartCopiedAnswer: XMLAnswer, Equatable {
    package static let root = "CopyPartResult"
    package private(set) var etag = ""

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        if parent == Self.root, name == "ETag" { etag = text }
    }

    package var gap: String? { etag.isEmpty ? "it has no ETag" : nil }
}

/// The parts that make up an object, as they are told to the server.
struct PartList {
    /// In order, from part 1 on.
    let parts: [MultipartUpload.Part]

    var xml: [UInt8] {
        let elements = parts.enumerated().map { index, part in
            let checksum = part.checksum.map { "<ChecksumSHA256>\($0)</ChecksumSHA256>" } ?? ""
            return
                "<Part>\(checksum)<ETag>\(part.etag.escapedForMarkup)</ETag><PartNumber>\(index + 1)</PartNumber></Part>"
        }
        let space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return Array("<CompleteMultipartUpload xmlns=\"\(space)\">\(elements.joined())</CompleteMultipartUpload>".utf8)
    }
}

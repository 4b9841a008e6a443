internal import BlobHTTP
package import ObjectStorage

/// What a root's URL asks of the server with each request: whose bucket it must be, and how what is written is kept.
package struct WriteTerms: Sendable, Equatable {
    /// As `x-amz-server-side-encryption` says it; nil for what the bucket does by itself.
    private var encryption: String?
    private var key: String?
    /// Of content; records, which change often, stay in the server's usual one.
    private var storageClass: String?
    private var acl: String?
    private var owner: String?

    /// Asks for nothing.
    package init() {}

    /// - Parameter url: the settings in a root's URL.
    /// - Throws: `invalidArgument` for what no server knows, or nobody could read.
    package init(url: [String: String]) throws(StoreError) {
        key = try Self.checked(url.text("kms-key"), as: "kms-key", wanted: "the id or ARN of a key") { !$0.isEmpty }
        switch url.text("sse")?.lowercased() ?? (key == nil ? nil : "kms") {
        case nil: break
        case "s3", "aes256": encryption = "AES256"
        case "kms", "aws:kms": encryption = "aws:kms"
        case "kms-dsse", "aws:kms:dsse": encryption = "aws:kms:dsse"
        case .some(let other): throw Self.refusal("sse=\(other.prefix(40))", "s3, kms or kms-dsse")
        }
        if key != nil, encryption == "AES256" {
            throw StoreError(.invalidArgument, "kms-key cannot be used with sse=s3; write sse=kms, or remove the key")
        }
        storageClass = try Self.checked(
            url.text("storage-class"), as: "storage-class", wanted: "STANDARD_IA, for example"
        ) {
            text in
            text.utf8.allSatisfy { "_-".utf8.contains($0) || Self.isAlphanumeric($0) }
        }
        if let storageClass, ["GLACIER", "DEEP_ARCHIVE"].contains(storageClass.uppercased()) {
            throw StoreError(
                .invalidArgument,
                "storage-class=\(storageClass) keeps content where it cannot be read immediately; write another, "
                    + "e.g. STANDARD_IA or GLACIER_IR")
        }
        acl = try Self.checked(url.text("acl"), as: "acl", wanted: Self.fullControl) { $0 == Self.fullControl }
        owner = try Self.checked(
            url.text("expected-bucket-owner"), as: "expected-bucket-owner", wanted: "an account of 12 digits"
        ) {
            $0.utf8.count == 12 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
    }

    private static let fullControl = "bucket-owner-full-control"

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    private static func checked(
        _ text: String?, as name: String, wanted: String, _ isGood: (String) -> Bool
    ) throws(StoreError) -> String? {
        guard let text else { return nil }
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), isGood(text) else {
            throw refusal("\(name)=\(text.prefix(40))", wanted)
        }
        return text
    }

    private static func refusal(_ item: String, _ wanted: String) -> StoreError {
        StoreError(.invalidArgument, "\"\(item)\" in the root's URL is unknown; write \(wanted)")
    }
}

extension WriteTerms {
    /// Adds what is asked for to a call's fields.
    /// - Source: PutObject, CopyObject, CreateMultipartUpload, Amazon S3 API Reference.
    func add(to headers: inout HTTPHeaders, of call: S3Call, in bucket: String) {
        headers["x-amz-expected-bucket-owner"] = owner
        if let source = call.headers["x-amz-copy-source"], source.hasPrefix(BucketAddress.copySource(bucket, "")) {
            headers["x-amz-source-expected-bucket-owner"] = owner
        }
        guard call.createsObject else { return }
        headers["x-amz-server-side-encryption"] = encryption
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = key
        headers["x-amz-acl"] = acl
        // What a call says for itself is of an object that is there already.
        if call.headers["Content-Type"] == S3Storage.objectType, call.headers["x-amz-storage-class"] == nil {
            headers["x-amz-storage-class"] = storageClass
        }
    }

    /// Adds to a refusal what it may be about: servers that do not know what was asked for say little more than no.
    func explained(_ error: StoreError, to call: S3Call) -> StoreError {
        let asked = [
            encryption == nil ? nil : "sse", storageClass == nil ? nil : "storage-class", acl == nil ? nil : "acl",
        ]
        .compactMap(\.self)
        guard call.createsObject, !asked.isEmpty, case .http(let status, _, _) = error.cause,
            [400, 501].contains(status),
            !error.isRetryable
        else { return error }
        let hint =
            "; it may be about \(asked.joined(separator: ", ")) in the root's URL, which not every server knows"
            + (encryption == nil ? "" : ", and some only over https://")
        return StoreError(error.code, error.message + hint, isRetryable: false, cause: error.cause)
    }

    /// Makes sure that what was to be encrypted is: a server that knows nothing of it takes it in the clear, and says
    /// nothing.
    /// - Throws: `unsupported`.
    func check(_ response: HTTPResponse, to call: S3Call, at endpoint: String) throws(StoreError) {
        guard let encryption, call.createsObject, response.head.isSuccess else { return }
        guard response.headers["x-amz-server-side-encryption"] != encryption else { return }
        throw StoreError(
            .unsupported,
            "\(endpoint) does not confirm that it encrypts what it receives (\(encryption)); remove sse and kms-key "
                + "from the root's URL, or use a server that does; what was just written is stored unencrypted")
    }
}

extension S3Call {
    /// Whether it makes an object, or begins to.
    fileprivate var createsObject: Bool {
        guard name != nil else { return false }
        return switch method {
        case "PUT": !query.contains { $0.name == "uploadId" }
        case "POST": query.contains { $0.name == "uploads" }
        default: false
        }
    }
}

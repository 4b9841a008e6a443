import BlobS3

/// What a proper server sends, to begin with.
enum WireCorpus {
    static let address = BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: "http://127.0.0.1:1")

    static let documents = [
        listing, uploads, deletion, copied, part, completed, begun, error, versioning, lock, lifecycle,
    ]

    static let fields = [
        "Sun, 30 Aug 2015 12:36:00 GMT", "2015-08-30T12:36:00.123Z", "bytes 0-9/10", "bytes 2-4/10", "120", "10",
        "\"0123456789abcdef0123456789abcdef\"", "W/\"0123\"", "a%20b+c%2Bd%C3%A9", "1 00 creates quoted names",
        "2 00 creates quoted names checksums replaces", "0123 abc def,ghi,jkl", "abc,def,,ghi", "us-east-1",
    ]

    static let fieldNames = [
        "Content-Length", "Content-Range", "Date", "Last-Modified", "ETag", "Retry-After", "x-amz-bucket-region",
        "x-amz-request-id", "x-amz-version-id", "x-amz-storage-class", "x-amz-meta-blobstore-write",
        "x-amz-meta-blobstore-after", "x-amz-meta-blobstore-server", "x-amz-meta-blobstore-sha256",
    ]

    /// The right answer to a request of a test.
    static func answer(to head: String) -> String {
        let words = head.split(separator: " ").prefix(2).map(String.init)
        guard words.count == 2 else { return "" }
        let (method, target) = (words[0], words[1])
        let isRange = head.contains("Range: bytes=")
        switch method {
        case "GET" where target.contains("list-type="): return answer(200, listing)
        case "GET" where target.contains("uploads="): return answer(200, uploads)
        case "GET" where target.contains("versioning="): return answer(200, versioning)
        case "GET" where target.contains("object-lock="): return answer(200, lock)
        case "GET" where target.contains("lifecycle="): return answer(200, lifecycle)
        case "GET" where isRange: return answer(206, "0123456789", "Content-Range: bytes 0-9/10\r\n")
        case "GET": return answer(200, "{}")
        case "HEAD": return "HTTP/1.1 200 OK\r\n\(common)Content-Length: 10\r\n\r\n"
        case "POST" where target.contains("delete="): return answer(200, deletion)
        case "PUT" where head.contains("x-amz-copy-source"): return answer(200, copied)
        case "DELETE": return answer(204, "")
        default: return answer(200, "")
        }
    }

    private static let common =
        "Date: Sun, 30 Aug 2015 13:36:00 GMT\r\nLast-Modified: Sun, 30 Aug 2015 12:36:00 GMT\r\nETag: \"0123\"\r\n"

    private static func answer(_ status: Int, _ body: String, _ fields: String = "") -> String {
        "HTTP/1.1 \(status) So\r\n\(common)\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let listing = """
        <?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
        <Name>bucket</Name><Prefix>p/</Prefix><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
        <Contents><Key>p/a%2Bb</Key><LastModified>2015-08-30T12:36:00.000Z</LastModified><ETag>&quot;0123&quot;</ETag>\
        <Size>10</Size></Contents><Contents><Key>p/c</Key><LastModified>2015-08-30T12:36:00Z</LastModified>\
        <Size>9223372036854775807</Size></Contents><CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes>\
        <NextContinuationToken>t1</NextContinuationToken></ListBucketResult>
        """
    private static let uploads = """
        <ListMultipartUploadsResult><EncodingType>url</EncodingType><NextKeyMarker>p%2F1</NextKeyMarker>\
        <NextUploadIdMarker>u1</NextUploadIdMarker><IsTruncated>false</IsTruncated><Upload><Key>p%2F1</Key>\
        <UploadId>u1</UploadId><Initiated>2015-08-30T12:36:00Z</Initiated></Upload></ListMultipartUploadsResult>
        """
    private static let deletion = """
        <DeleteResult><Deleted><Key>p/blobs/a</Key></Deleted><Error><Key>p/blobs/b</Key><Code>AccessDenied</Code>\
        <Message>no</Message></Error></DeleteResult>
        """
    private static let copied = "<CopyObjectResult><ETag>&quot;0123&quot;</ETag></CopyObjectResult>"
    private static let part = "<CopyPartResult><ETag>&quot;0123&quot;</ETag></CopyPartResult>"
    private static let completed =
        "<CompleteMultipartUploadResult><ETag>&quot;0123-2&quot;</ETag></CompleteMultipartUploadResult>"
    private static let begun =
        "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    private static let error = """
        <Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-west-1</Region>\
        <Endpoint>e</Endpoint><RequestId>1</RequestId></Error>
        """
    private static let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    private static let lock = """
        <ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
        <Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>
        """
    private static let lifecycle = """
        <LifecycleConfiguration><Rule><ID>r</ID><Filter><And><Prefix>p/</Prefix></And></Filter><Status>Enabled</Status>\
        <Expiration><Days>3</Days></Expiration><Transition><Days>1</Days></Transition></Rule></LifecycleConfiguration>
        """
}

import BlobHTTP
import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("Answers in XML")
struct AnswerTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("an error tells its code, its words, and the right region")
    func error() throws {
        let answer = try ErrorAnswer.parse(
            bytes(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <Error xmlns="urn:x"><Code>AuthorizationHeaderMalformed</Code><Message>region &lt;a&gt; is wrong</Message>\
                <Region>eu-west-1</Region><RequestId>42</RequestId><Extra><Code>Nested</Code></Extra></Error>
                """))
        #expect(answer.code == "AuthorizationHeaderMalformed")
        #expect(answer.message == "region <a> is wrong")
        #expect(answer.region == "eu-west-1")
        #expect(answer.requestID == "42")
    }

    @Test("a listing tells names, sizes and times, and decodes names however they are encoded")
    func listing() throws {
        let answer = try ObjectListingAnswer.parse(
            bytes(
                """
                <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>x%2F</Prefix>
                <Contents><Key>x%2Fa+b%2Bc</Key><Size>12</Size><LastModified>2015-08-30T12:36:00.500Z</LastModified>
                <Owner><ID>1</ID></Owner></Contents>
                <Contents><Key>x%2F%C3%A9</Key><Size>0</Size><LastModified>2015-08-30T12:36:00Z</LastModified></Contents>
                <CommonPrefixes><Prefix>x%2Fd%20e%2F</Prefix></CommonPrefixes>
                <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
                <NextContinuationToken>a/b==</NextContinuationToken></ListBucketResult>
                """))
        #expect(answer.objects.map(\.key) == ["x/a b+c", "x/é"])
        #expect(answer.objects.map(\.size) == [12, 0])
        #expect(answer.objects[0].modified == UTCTime(milliseconds: 1_440_938_160_500))
        #expect(answer.prefixes == ["x/d e/"])
        #expect(answer.isTruncated && answer.nextToken == "a/b==")
        let plain = try ObjectListingAnswer.parse(
            bytes(
                "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a+b%2F</Key><Size>1</Size>"
                    + "\(ScriptedServer.modified)</Contents></ListBucketResult>"))
        #expect(plain.objects.map(\.key) == ["a+b%2F"])
        #expect(!plain.isTruncated)
    }

    @Test("uploads, parts, copies and deletions are read")
    func others() throws {
        let uploads = try UploadListingAnswer.parse(
            bytes(
                """
                <ListMultipartUploadsResult><EncodingType>url</EncodingType><NextKeyMarker>k%2F1</NextKeyMarker>
                <NextUploadIdMarker>u1</NextUploadIdMarker><IsTruncated>true</IsTruncated>
                <Upload><Key>k%2F1</Key><UploadId>u1</UploadId><Initiated>2015-08-30T12:36:00Z</Initiated></Upload>
                </ListMultipartUploadsResult>
                """))
        #expect(uploads.uploads.map(\.key) == ["k/1"])
        #expect(uploads.uploads.first?.initiated == UTCTime(seconds: 1_440_938_160))
        #expect(uploads.nextKey == "k/1" && uploads.nextID == "u1" && uploads.isTruncated)
        let begun = try UploadBegunAnswer.parse(
            bytes(
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"))
        #expect(begun.id == "u")
        let copied = try ObjectCopiedAnswer.parse(
            bytes(
                "   \n<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"))
        #expect(copied.etag == "\"e\"")
        let deleted = try DeletionAnswer.parse(
            bytes(
                """
                <DeleteResult><Deleted><Key>a</Key></Deleted>\
                <Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>
                """))
        #expect(deleted.failures.map(\.key) == ["b"] && deleted.failures.map(\.code) == ["AccessDenied"])
        #expect(deleted.deleted == ["a"])
        for flaw in ["<Error><Code>AccessDenied</Code></Error>", "<Error><Key>b</Key></Error>"] {
            #expect(throws: StoreError.self) { try DeletionAnswer.parse(bytes("<DeleteResult>\(flaw)</DeleteResult>")) }
        }
    }

    @Test("settings of a bucket are read, and of its lifecycle rules those that change what stands in a root")
    func settings() throws {
        let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        #expect(try VersioningAnswer.parse(bytes(versions)).isEnabled)
        #expect(try !VersioningAnswer.parse(bytes("<VersioningConfiguration/>")).isEnabled)
        let lock = try ObjectLockAnswer.parse(
            bytes(
                """
                <ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
                <Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>
                """))
        #expect(lock.isEnabled && lock.retention == "COMPLIANCE, 30 days")
        func rule(_ id: String, _ rest: String) -> String {
            "<Rule><ID>\(id)</ID><Status>Enabled</Status>\(rest)</Rule>"
        }
        let rules = [
            rule("all", "<Filter/><Expiration><Days>3</Days></Expiration>"),
            rule("ours", "<Filter><Prefix>a/b/</Prefix></Filter><Transition><Days>3</Days></Transition>"),
            rule("around", "<Prefix>a</Prefix><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"),
            rule("others", "<Filter><And><Prefix>c/</Prefix></And></Filter><Expiration><Days>3</Days></Expiration>"),
            rule(
                "old versions",
                "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"),
            rule("uploads", "<AbortIncompleteMultipartUpload/>"),
            "<Rule><ID>off</ID><Status>Disabled</Status><Expiration><Days>3</Days></Expiration></Rule>",
        ]
        let answer = try LifecycleAnswer.parse(
            bytes("<LifecycleConfiguration>\(rules.joined())</LifecycleConfiguration>"))
        #expect(answer.threatening("a/").map(\.id) == ["all", "ours", "around"])
    }

    @Test("an error where a completion was due is not taken for one")
    func errorInside() {
        let inside = bytes("<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>")
        #expect(throws: StoreError.self) { try UploadCompletedAnswer.parse(inside) }
        #expect(throws: StoreError.self) { try ObjectCopiedAnswer.parse(inside) }
    }

    @Test("a listing cut off anywhere is refused")
    func cutOff() throws {
        let whole = bytes(
            """
            <ListBucketResult><Contents><Key>a</Key><Size>1</Size>\(ScriptedServer.modified)</Contents>\
            <IsTruncated>false</IsTruncated></ListBucketResult>
            """)
        _ = try ObjectListingAnswer.parse(whole)
        for length in 0..<whole.count {
            #expect(throws: StoreError.self) { try ObjectListingAnswer.parse(Array(whole[..<length])) }
        }
    }

    @Test(
        "a size that is no number, and a nameless object, are refused",
        arguments: ["<Size>x</Size>", "<Size>-1</Size>"])
    func nonsense(_ size: String) {
        let open = "<ListBucketResult><Contents>"
        let close = "</Contents></ListBucketResult>"
        #expect(throws: StoreError.self) { try ObjectListingAnswer.parse(bytes(open + "<Key>a</Key>" + size + close)) }
        #expect(throws: StoreError.self) { try ObjectListingAnswer.parse(bytes(open + "<Size>1</Size>" + close)) }
    }
}

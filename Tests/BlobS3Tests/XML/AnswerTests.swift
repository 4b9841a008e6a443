import BlobS3
import BlobStore
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
                <Contents><Key>x%2F%C3%A9</Key><Size>0</Size></Contents>
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
                "<ListBucketResult><Contents><Key>a+b%2F</Key><Size>1</Size></Contents></ListBucketResult>"))
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
    }

    @Test("an error where a completion was due is not taken for one")
    func errorInside() {
        let inside = bytes("<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>")
        #expect(throws: StoreError.self) { try UploadCompletedAnswer.parse(inside) }
        #expect(throws: StoreError.self) { try ObjectCopiedAnswer.parse(inside) }
    }

    static let hostile: [String] = [
        "", " ", "<", "no xml", "<html><body>hello</body></html>", "<Error/>", "<Error><Code>x</Code>",
        "<Error><Code>x</Code></Error><Error/>", "<Error><Code>\u{1}</Code></Error>",
        "<!DOCTYPE Error [<!ENTITY a \"aaaa\">]><Error><Code>&a;</Code></Error>",
        "<!DOCTYPE Error SYSTEM \"http://127.0.0.1:1/x\"><Error><Code>x</Code></Error>",
        "<!DOCTYPE Error [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Error><Code>&a;</Code></Error>",
        "<Error><Code>&undefined;</Code></Error>",
        String(repeating: "<Error>", count: 100_000),
        "<Error><Code>" + String(repeating: "x", count: 100_000) + "</Code></Error>",
        "<Error><Code>x</Code>" + String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
            + "</Error>",
    ]

    @Test("hostile input is refused, and nothing is fetched or expanded", arguments: hostile.indices)
    func refused(_ index: Int) {
        let input = Array(Self.hostile[index].utf8)
        #expect(throws: StoreError.self) { try ErrorAnswer.parse(input) }
        #expect(throws: StoreError.self) { try ObjectListingAnswer.parse(input) }
    }

    @Test("a listing cut off anywhere is refused")
    func cutOff() throws {
        let whole = bytes(
            """
            <ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents><IsTruncated>false</IsTruncated>\
            </ListBucketResult>
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

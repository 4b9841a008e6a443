import BlobHTTP
import ObjectStorage
import TestSupport
import Testing

@testable import BlobS3

@Suite("What a root's URL asks for with what is written")
struct WriteTermsTests {
    private let all = [
        "sse": "kms", "kms-key": "alias/pkgs", "storage-class": "STANDARD_IA", "acl": "bucket-owner-full-control",
        "expected-bucket-owner": "123456789012",
    ]
    private let written: Set = [
        "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-acl",
        "x-amz-storage-class",
    ]

    private func fields(_ url: [String: String], _ call: S3Call) throws -> [String: String] {
        var headers: HTTPHeaders = [:]
        try WriteTerms(url: url).add(to: &headers, of: call, in: "bucket")
        return Dictionary(uniqueKeysWithValues: headers.fields.map { ($0.name, $0.value) })
    }

    private func call(
        _ method: String, _ name: String? = "k", query: [(name: String, value: String)] = [], _ type: String? = nil
    ) -> S3Call {
        var call = S3Call(method, name, query: query)
        call.headers["Content-Type"] = type
        return call
    }

    @Test(
        "goes with what makes an object: a PUT, a copy, the beginning of an upload in parts; the owner with everything")
    func calls() throws {
        let content = S3Storage.objectType
        let owner = ["x-amz-expected-bucket-owner": "123456789012"]
        for call in [call("PUT", content), call("POST", query: [("uploads", "")], content)] {
            var call = call
            call.headers["Content-Type"] = content
            let found = try fields(all, call)
            #expect(Set(found.keys) == written.union(owner.keys))
            #expect(found["x-amz-server-side-encryption"] == "aws:kms" && found["x-amz-storage-class"] == "STANDARD_IA")
            #expect(found["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/pkgs")
        }
        for call in [
            call("GET"), call("HEAD"), call("DELETE"), call("GET", nil), call("POST", nil, query: [("delete", "")]),
            call("PUT", query: [("partNumber", "1"), ("uploadId", "u")], content),
            call("POST", query: [("uploadId", "u")]),
        ] {
            #expect(try fields(all, call) == owner, "\(call.title)")
        }
        #expect(try fields([:], call("PUT", content)).isEmpty)
    }

    @Test("records stay in the usual storage class, and a class that a call names for itself stays")
    func classes() throws {
        #expect(try fields(all, call("PUT", "k", "application/json"))["x-amz-storage-class"] == nil)
        var refresh = call("PUT", "k", S3Storage.objectType)
        refresh.headers["x-amz-storage-class"] = "GLACIER_IR"
        #expect(try fields(all, refresh)["x-amz-storage-class"] == nil)
    }

    @Test("the owner of a copy's source is told where it is the same bucket")
    func copies() throws {
        var copy = call("PUT", "k", S3Storage.objectType)
        copy.headers["x-amz-copy-source"] = BucketAddress.copySource("bucket", "a")
        #expect(try fields(all, copy)["x-amz-source-expected-bucket-owner"] == "123456789012")
        copy.headers["x-amz-copy-source"] = BucketAddress.copySource("bucket2", "a")
        #expect(try fields(all, copy)["x-amz-source-expected-bucket-owner"] == nil)
    }

    @Test(
        "the kinds of encryption go by a short name and by AWS' own, and a key alone means KMS",
        arguments: [
            ("s3", "AES256"), ("AES256", "AES256"), ("kms", "aws:kms"), ("aws:kms", "aws:kms"),
            ("kms-dsse", "aws:kms:dsse"),
        ])
    func kinds(_ text: String, _ field: String) throws {
        #expect(try fields(["sse": text], call("PUT"))["x-amz-server-side-encryption"] == field)
        #expect(try fields(["kms-key": "k"], call("PUT"))["x-amz-server-side-encryption"] == "aws:kms")
    }

    @Test(
        "what no server knows, or nobody could read, is refused",
        arguments: [
            ["sse": "c"], ["sse": "s3", "kms-key": "k"], ["kms-key": "a b"], ["storage-class": "GLACIER"],
            ["storage-class": "a/b"], ["acl": "public-read"], ["expected-bucket-owner": "me"], ["kms-key": "k\r\nX: y"],
        ])
    func refused(_ url: [String: String]) {
        let error = #expect(throws: StoreError.self) { try WriteTerms(url: url) }
        #expect(error?.code == .invalidArgument && error?.message.contains("\n") == false)
    }

    @Test("a refusal of what was asked for names it")
    func explained() throws {
        let terms = try WriteTerms(url: ["sse": "s3", "storage-class": "COLD"])
        let address = BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: "http://h")
        let refused = StoreError(Refusal(status: 400, code: "InvalidRequest"), at: address)
        let told = terms.explained(refused, to: call("PUT"))
        #expect(told.message.contains("sse, storage-class in the root's URL") && told.message.contains("https://"))
        #expect(told.code == refused.code && told.cause == refused.cause)
        #expect(terms.explained(refused, to: call("GET")).message == refused.message)
        #expect(WriteTerms().explained(refused, to: call("PUT")).message == refused.message)
    }

    @Test("a server that takes what was to be encrypted and does not say that it is, is refused")
    func ignored() async throws {
        let field = "x-amz-server-side-encryption: AES256\r\n"
        for (headers, isGood) in [("", false), (field, true)] {
            let (server, requests) = try ScriptedServer.answering([ScriptedServer.answer(200, headers: headers)])
            let key = AccessKey(id: "name", secret: "secret")
            let session = S3Session(
                BucketAddress(bucket: "bucket", region: "us-east-1", endpoint: server.url),
                terms: try WriteTerms(url: ["sse": "s3"]),
                keys: S3Session.KeySource { () async throws(StoreError) in key }, client: HTTPClient())
            _ = try await session.send(S3Call("GET", "k"))
            do throws(StoreError) {
                _ = try await session.send(S3Call("PUT", "k"))
                #expect(isGood)
            } catch {
                #expect(!isGood && error.code == .unsupported)
            }
            #expect(requests.all.count == 2)
            let put = Endpoint.Request(head: try #require(requests.all.last), body: "")
            #expect(put.header("x-amz-server-side-encryption") == "AES256" && put.isSigned(with: key, for: "s3"))
        }
    }
}

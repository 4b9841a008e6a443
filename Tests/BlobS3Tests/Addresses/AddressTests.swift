import BlobHTTP
import BlobStore
import ObjectStorage
import TestSupport
import Testing

@testable import BlobS3

@Suite("Addresses of buckets")
struct AddressTests {
    private func variant(_ text: Substring) -> EndpointVariant {
        EndpointVariant(isFIPS: text.contains("fips"), isDualStack: text.contains("dual"))
    }

    @Test(
        "buckets, access points and endpoints by FIPS and IPv6 are where the AWS tools look",
        arguments: EndpointVectors.buckets)
    func buckets(_ line: Substring) async throws {
        let words = line.split(separator: " ")
        var url = ["region": String(words[1])]
        if words[3] != "-" { url["endpoint"] = String(words[3]) }
        if words[4] != "-" { url["style"] = String(words[4]) }
        let variant = variant(words[2])
        let environment = try Desk().environment([
            "AWS_USE_FIPS_ENDPOINT": String(variant.isFIPS), "AWS_USE_DUALSTACK_ENDPOINT": String(variant.isDualStack),
        ])
        let files = try await SharedFiles(profile: nil, environment: environment)
        var found = "refused"
        if let address = try? ConnectionSettings(url: url, environment: environment, files: files).address(
            of: String(words[0]))
        {
            found = address.origin + (address.style == .path ? address.path(nil) : "")
            #expect(address.region == (words[0].hasPrefix("arn:aws:") ? "us-west-2" : words[1]))
        }
        #expect(found == words[5])
    }

    @Test("so are the services that give out credentials", arguments: EndpointVectors.issuers)
    func issuers(_ line: Substring) {
        let words = line.split(separator: " ").map(String.init)
        #expect(AWSPartition.issuer(words[0], region: words[1], variant: variant(words[2][...])) == words[3])
    }

    @Test(
        "however an endpoint is written, its host is signed as the AWS tools sign it",
        arguments: EndpointVectors.signatures)
    func signatures(_ line: Substring) throws {
        let words = line.split(separator: " ").map(String.init)
        let address = BucketAddress(bucket: "bucket", region: "eu-west-1", endpoint: words[0])
        let headers: HTTPHeaders = [
            "Host": address.host, "x-amz-date": "20260131T080500Z", "x-amz-content-sha256": Signature.emptyHash,
        ]
        let key = AccessKey(id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let time = try #require(UTCTime(iso8601: "2026-01-31T08:05:00Z"))
        let signed = Signature(key, region: "eu-west-1", at: time).authorization(
            of: .init("GET", path: address.path("a b"), headers: headers))
        #expect(signed?.hasSuffix("Signature=" + words[1]) == true)
    }

    @Test("the host that is sent is the one that is signed, also where the endpoint is written in another way")
    func sent() async throws {
        let (server, requests) = try ScriptedServer.answering([ScriptedServer.answer(200)])
        let key = AccessKey(id: "name", secret: "secret")
        // 127.1 is an address that the transport would write in full.
        for host in ["127.0.0.1", "LOCALHOST", "127.1"] {
            let address = BucketAddress(
                bucket: "bucket", region: "us-east-1", endpoint: "HTTP://\(host):0\(server.port)/")
            let session = S3Session(
                address, keys: S3Session.KeySource { () async throws(StoreError) in key }, client: HTTPClient())
            _ = try await session.send(S3Call("GET", "object"))
            let request = Endpoint.Request(head: try #require(requests.all.last), body: "")
            #expect(request.header("Host") == "\(host.lowercased()):\(server.port)")
            #expect(request.isSigned(with: key, for: "s3"))
        }
    }

    @Test(
        "what is no endpoint is refused",
        arguments: [
            "http://::1", "http://[::1", "http://[::1]9000", "http://h:", "http://h:0", "http://h:65536", "http://h:+1",
            "http://h:80:80", "http://[h]", "http://bücher.example", "http://[fe80::1%25eth0]",
        ])
    func refused(_ text: String) async throws {
        let environment = try Desk().environment()
        let files = try await SharedFiles(profile: nil, environment: environment)
        #expect(throws: StoreError.self) {
            try ConnectionSettings(url: ["endpoint": text], environment: environment, files: files)
        }
    }

    @Test("an ARN of an access point stands in a URL in a bucket's place, and the source of a copy is told by it")
    func arns() throws {
        let arn = "arn:aws:s3:us-west-2:123456789012:accesspoint/myap"
        for text in ["s3://\(arn)/pkgs/a%20b?sse=kms", "s3://\(arn.replacing("/", with: ":"))/pkgs/a%20b?sse=kms"] {
            let place = try BucketPlace(RootURL(text))
            #expect(place.bucket == arn && place.prefix == "pkgs/a b/" && place.url.settings == ["sse": "kms"])
            #expect(place.url.description == "s3://\(arn)/pkgs/a%20b?sse=kms")
        }
        let bare = try BucketPlace(RootURL("s3://\(arn)"))
        #expect(bare.bucket == arn && bare.prefix.isEmpty)
        #expect(
            try StorageSchemes([S3Scheme()]).parents(of: RootURL("s3://\(arn)/a")).map(\.description) == ["s3://\(arn)"]
        )
        for text in [
            "s3://arn:aws:s3:::bucket/x", "s3://arn:aws", "s3://arn:a:b:c:d:accesspoint/?x", "s3://\(arn)?key=HIDDEN",
        ] {
            let error = #expect(throws: StoreError.self) { try BucketPlace(RootURL(text)) }
            #expect(error?.code == .invalidArgument && error?.message.contains("HIDDEN") == false, "\(text)")
        }
        #expect(
            BucketAddress.copySource(arn, "k")
                == "arn%3Aaws%3As3%3Aus-west-2%3A123456789012%3Aaccesspoint/myap/object/k")
        for other in [
            "arn:aws:s3::123456789012:accesspoint/m.mrap", "arn:aws:s3-outposts:us-west-2:123456789012:accesspoint/x",
        ] {
            let error = #expect(throws: StoreError.self) { try AccessPoint(other) }
            #expect(error?.code == .unsupported)
        }
    }

    @Test("FIPS beside a named endpoint is refused, and dual stack says nothing of one")
    func variants() async throws {
        let desk = try Desk()
        try desk.put("config", "[default]\nuse_fips_endpoint = true\ns3 =\n  use_dualstack_endpoint = true\n")
        let environment = desk.environment()
        let files = try await SharedFiles(profile: nil, environment: environment)
        func found(_ url: [String: String], _ more: [String: String] = [:]) throws -> ConnectionSettings {
            try ConnectionSettings(url: url, environment: environment.merging(more) { $1 }, files: files)
        }
        #expect(try found([:]).variant == EndpointVariant(isFIPS: true, isDualStack: true))
        #expect(try found([:], ["AWS_USE_FIPS_ENDPOINT": "false"]).variant.isFIPS == false)
        #expect(throws: StoreError.self) { try found(["endpoint": "https://h"]) }
        let plain = try found(["endpoint": "https://h"], ["AWS_USE_FIPS_ENDPOINT": "false"])
        #expect(try plain.address(of: "bucket").origin == "https://h")
    }
}

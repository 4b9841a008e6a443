import BlobHTTP
import BlobS3
import ObjectStorage
import TestSupport
import Testing

@Suite("A listing that is not as it should be")
struct ListingOrderTests {
    private func page(_ names: [String], next: String? = nil, isTruncated: String? = nil) -> String {
        let items = names.map { "<Contents><Key>\($0)</Key><Size>1</Size>\(ScriptedServer.modified)</Contents>" }
        return page(items.joined(), next: next, isTruncated: isTruncated)
    }

    private func page(_ items: String, next: String? = nil, isTruncated: String? = nil) -> String {
        let token = next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
        let more = isTruncated ?? "<IsTruncated>\(next == nil ? "false" : "true")</IsTruncated>"
        return ScriptedServer.answer(200, body: "<ListBucketResult>\(more)\(token)\(items)</ListBucketResult>")
    }

    private func storage(_ pages: [String]) throws -> (storage: S3Storage, server: ScriptedServer, Requests) {
        let (server, requests) = try ScriptedServer.answering(pages)
        let session = server.session(budget: RetryBudget(capacity: 1_000_000))
        return (S3Storage(session, prefix: "", address: "s3://bucket", assuming: .proper), server, requests)
    }

    private func listed(_ pages: [String], isFlat: Bool = false) async throws -> [String] {
        let (storage, server, _) = try storage(pages)
        defer { _ = server }
        return try await storage.list(ListRequest(.root, isFlat: isFlat)).flattened().compactMap { entry in
            if case .key(let key, _) = entry { key.text } else { nil }
        }
    }

    @Test("names objects of no bytes that stand for folders, and what desktops leave, as litter")
    func litter() async throws {
        let names = [("packages/", 0), ("packages/.DS_Store", 9), ("packages/a.json", 9), ("packages/a.json~", 9)]
        let items = names.map { "<Contents><Key>\($0)</Key><Size>\($1)</Size>\(ScriptedServer.modified)</Contents>" }
        let (storage, server, _) = try storage([page(items.joined())])
        defer { _ = server }
        let found = try await storage.list(ListRequest()).flattened().map { entry in
            switch entry {
            case .key(let key, _): key.text
            case .foreign(let path, .litter): "litter \(path)"
            default: "\(entry)"
            }
        }
        #expect(
            found == [
                "litter packages/", "litter packages/.DS_Store", "packages/a.json", "litter packages/a.json~",
            ])
    }

    @Test("is an error where a name comes out of order or twice, on one page or on two")
    func disorder() async throws {
        #expect(try await listed([page(["a", "b"], next: "t"), page(["c"])]) == ["a", "b", "c"])
        for pages in [
            [page(["b", "a"])], [page(["b"], next: "t"), page(["a"])], [page(["b"], next: "t"), page(["b"])],
        ] {
            await expectError(.unsupported) { _ = try await listed(pages) }
        }
    }

    private static let key = "<Key>a</Key>"
    private static let size = "<Size>1</Size>"
    private static let time = ScriptedServer.modified
    static let incomplete = [
        key + size, key + time, size + time, key + "<Size></Size>" + time, key + "<Size>-1</Size>" + time,
        key + "<Size>99999999999999999999</Size>" + time, key + size + "<LastModified>yesterday</LastModified>",
    ]

    @Test("is an error where an object has no name, size or time, after a few tries", arguments: incomplete)
    func missing(_ fields: String) async throws {
        let (storage, server, requests) = try storage([page("<Contents>\(fields)</Contents>")])
        await expectError(.failed) { _ = try await storage.list(ListRequest()).flattened() }
        #expect(requests.all.count == 4)
        _ = server
    }

    @Test("is an error, and no end, where it does not say whether there is more, or how to get it")
    func unclearEnd() async throws {
        for more in ["", "<IsTruncated>tRue</IsTruncated>", "<IsTruncated/>", "<IsTruncated>true</IsTruncated>"] {
            await expectError(.failed) { _ = try await listed([page(["a"], isTruncated: more)]) }
        }
    }

    @Test("ends where the server tells to go on where it has been, or sends pages without names for ever")
    func endless() async throws {
        let none: [String] = []
        let circle = (1...6).map { page(none, next: "t\($0 % 3)") }
        for pages in [
            [page(["a"], next: "t"), page(["b"], next: "t"), page(["c"])], [page(none, next: "t")],
            circle + circle + circle,
        ] {
            let (storage, server, requests) = try storage(pages)
            await expectError(.failed) { _ = try await storage.list(ListRequest()).flattened() }
            #expect(requests.all.count < 20)
            _ = server
        }
        let (storage, server, requests) = try storage((0..<2_000).map { page(none, next: "t\($0)") })
        await expectError(.failed) { _ = try await storage.list(ListRequest()).flattened() }
        #expect(requests.all.count < 1_100)
        _ = server
    }

    @Test("is an error where it names what was not asked for, or a folder inside itself")
    func foreignNames() async throws {
        for items in [
            "<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>",
            "<CommonPrefixes><Prefix>f/</Prefix></CommonPrefixes>", "<CommonPrefixes></CommonPrefixes>",
            "<Contents><Key>other</Key>\(Self.size)\(Self.time)</Contents>",
        ] {
            let (storage, server, _) = try storage([page(items)])
            await expectError(.failed) {
                _ = try await storage.list(ListRequest(try KeyPrefix("f/"), isFlat: true)).flattened()
            }
            _ = server
        }
    }

    static let uploads = [
        "", "<IsTruncated>true</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>",
        "<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>",
        "<IsTruncated>false</IsTruncated><Upload><Key>a</Key><UploadId>u</UploadId></Upload>",
    ]

    @Test(
        "of uploads is an error, and no end, where it is cut off, goes in circles or tells no times", arguments: uploads
    )
    func uploadsInFlight(_ fields: String) async throws {
        let (storage, server, requests) = try storage([
            ScriptedServer.answer(
                200, body: "<ListMultipartUploadsResult>\(fields)</ListMultipartUploadsResult>")
        ])
        await expectError(.failed) { _ = try await storage.uploadsInFlight().flattened() }
        #expect(requests.all.count <= 4)
        _ = server
    }

    @Test("takes an age that cannot be told, or that cannot be, for none")
    func ages() async throws {
        func age(_ date: String, _ modified: String) async throws -> Duration? {
            let item = "<Contents><Key>a</Key><Size>1</Size><LastModified>\(modified)</LastModified></Contents>"
            let body = "<ListBucketResult><IsTruncated>false</IsTruncated>\(item)</ListBucketResult>"
            let (storage, server, _) = try storage([ScriptedServer.answer(200, headers: date, body: body)])
            defer { _ = server }
            guard case .key(_, let info)? = try await storage.list(ListRequest(wantsDetails: true)).flattened().first
            else { return nil }
            return info?.age
        }
        let date = "Date: Sun, 30 Aug 2015 13:36:00 GMT\r\n"
        #expect(try await age(date, "2015-08-30T12:36:00.000Z") == .seconds(3_600))
        #expect(try await age("", "2015-08-30T12:36:00.000Z") == .zero)
        #expect(try await age("Date: soon\r\n", "2015-08-30T12:36:00.000Z") == .zero)
        #expect(try await age(date, "0001-01-01T00:00:00Z") == .zero)
        #expect(try await age(date, "1970-01-01T00:00:00Z") == .zero)
        #expect(try await age(date, "2035-08-30T12:36:00.000Z") == .zero)
    }
}

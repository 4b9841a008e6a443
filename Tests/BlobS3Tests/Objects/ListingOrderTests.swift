import BlobS3
import BlobStore
import Testing

@Suite("A listing that is not as it should be")
struct ListingOrderTests {
    private func page(_ names: [String], next: String? = nil, isTruncated: String? = nil) -> String {
        let items = names.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
        let token = next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
        let more = isTruncated ?? (next == nil ? "false" : "true")
        return ScriptedServer.answer(
            200, body: "<ListBucketResult><IsTruncated>\(more)</IsTruncated>\(token)\(items)</ListBucketResult>")
    }

    private func listed(_ pages: [String]) async throws -> [String] {
        let (server, _) = try ScriptedServer.answering(pages)
        let storage = S3Storage(server.session(), prefix: "", address: "s3://bucket", assuming: .proper)
        return try await storage.list(ListRequest()).flattened().compactMap { entry in
            if case .key(let key, _) = entry { key.text } else { nil }
        }
    }

    @Test("is an error where a name comes out of order or twice, on one page or on two")
    func disorder() async throws {
        #expect(try await listed([page(["a", "b"], next: "t"), page(["c"])]) == ["a", "b", "c"])
        for pages in [
            [page(["b", "a"])], [page(["b"], next: "t"), page(["a"])], [page(["b"], next: "t"), page(["b"])],
        ] {
            await expectCode(.unsupported) { _ = try await listed(pages) }
        }
    }

    @Test("is an error, and no end, where it does not say whether there is more")
    func unclearEnd() async throws {
        await expectCode(.failed) { _ = try await listed([page(["a"], isTruncated: "tRue")]) }
    }
}

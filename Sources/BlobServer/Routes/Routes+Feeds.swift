internal import BlobCluster
internal import HTTPTypes

// The feeds that a caller may read.
extension Routes {
    private struct Feeds: Encodable {
        let feeds: [String]
    }

    /// `GET /feeds`, and `GET /` for people.
    func listFeeds(_ exchange: inout Exchange) async throws {
        try expectReading(exchange)
        try await exchange.identify(access)
        var names: [String] = []
        for name in try await store.feeds().flattened() where try await access.mayRead(exchange.caller, name) {
            names.append(name.text)
        }
        if exchange.target.segments.isEmpty {
            let rows = names.map { ["<a href=\"/feeds/\(Page.link($0))/packages/\">\(Page.text($0))</a>"] }
            let body = rows.isEmpty ? "<p>There is no feed that you may read.</p>\n" : Page.table(["Feed"], rows)
            return try await exchange.answer(Page(title: "Feeds", body: body).answer)
        }
        try await exchange.answer(.json(Feeds(feeds: names)))
    }
}

internal import BlobCluster
internal import HTTPTypes

// One level of a feed: what stands in a folder, in pages.
extension Routes {
    private struct Listing: Encodable {
        struct Entry: Encodable {
            let name: String
            var isFolder: Bool?
            var size: Int64?
            var digest: String?
            var published: String?
            var error: String?
        }

        let entries: [Entry]
        let next: String?
    }

    func listFolder(in name: FeedName, _ exchange: inout Exchange) async throws {
        try expectReading(exchange)
        try await admit(.read, to: name, &exchange)
        let query = exchange.target.query
        let folder = exchange.target.rest
        guard let limit = Int(query["limit"] ?? "1000"), (1...10_000).contains(limit) else {
            throw Problem(.badRequest, "the limit is not a number from 1 to 10000")
        }
        let search = query["prefix"].flatMap { $0.isEmpty ? nil : $0 }
        let listing: Listing
        if query["recursive"] == "1" || search != nil {
            let below = folder.isEmpty ? "" : folder + "/"
            listing = try await all(below: below, search ?? "", in: name, after: query["after"], limit)
        } else {
            let page = try await feeds.feed(name).folder(
                FolderQuery(folder: folder, after: query["after"], limit: limit))
            listing = Listing(entries: page.entries.map(Self.entry), next: page.next)
        }
        if listing.entries.isEmpty, !folder.isEmpty, query["after"] == nil, search == nil {
            throw Problem(.notFound, "there is no folder \"\(folder)\" in the feed \"\(name)\"")
        }
        let isJSON = query["format"] == "json" || exchange.fields[.accept]?.contains("application/json") == true
        try await exchange.answer(
            isJSON
                ? .json(listing)
                : Self.page(listing, title: "\(name)/\(folder)", up: folder.isEmpty ? "/" : "../", query, limit))
    }

    /// The packages in a folder and below it whose paths there begin with a text, in key order. Their names are those
    /// paths, and so is the cursor.
    private func all(
        below folder: String, _ text: String, in name: FeedName, after: String?, _ limit: Int
    ) async throws -> Listing {
        let feed = try await feeds.feed(name).openedAfresh()
        let start = try after.map { try PackagePath(folder + $0) }
        func relative(_ path: PackagePath) -> String { String(Substring(path.text.utf8.dropFirst(folder.utf8.count))) }
        var (entries, last): ([Listing.Entry], PackagePath?) = ([], nil)
        for try await page in feed.paths(PackageQuery(prefix: folder + text, after: start)) {
            var rest = page[...]
            while !rest.isEmpty {
                // Something is known to follow.
                if entries.count >= limit { return Listing(entries: entries, next: last.map(relative)) }
                let some = rest.prefix(limit - entries.count)
                rest = rest.dropFirst(some.count)
                last = some.last
                for found in await feed.read(Array(some), includesDeleted: false) {
                    switch found {
                    case .package(let record): entries.append(Self.entry(record, name: relative(record.path)))
                    case .unreadable(let path, let error):
                        entries.append(Listing.Entry(name: relative(path), error: error.message))
                    }
                }
            }
        }
        return Listing(entries: entries, next: nil)
    }

    private static func entry(_ entry: FolderEntry) -> Listing.Entry {
        switch entry {
        case .folder(let name): Listing.Entry(name: name, isFolder: true)
        case .unreadable(let name, let error): Listing.Entry(name: name, error: error.message)
        case .package(let record): Self.entry(record, name: record.path.name)
        }
    }

    private static func entry(_ record: PackageRecord, name: String) -> Listing.Entry {
        Listing.Entry(
            name: name, size: record.size, digest: record.digest.description, published: record.published.description)
    }

    private static func page(
        _ listing: Listing, title: String, up: String, _ query: [String: String], _ limit: Int
    ) -> Answer {
        let rows = listing.entries.map { entry in
            // A name may hold a colon: the dot keeps it from being read as a scheme.
            let target = "./" + Page.link(entry.name) + (entry.isFolder == true ? "/" : "")
            let size = entry.size.map { "\($0)" } ?? entry.error.map(Page.text) ?? ""
            return [
                "<a href=\"\(target)\">\(Page.text(entry.name))\(entry.isFolder == true ? "/" : "")</a>", size,
                entry.published ?? "",
            ]
        }
        let kept = ["prefix", "recursive"].map { name in query[name].map { "\(name)=\(Page.query($0))&amp;" } ?? "" }
        let more = listing.next.map {
            "<p><a href=\"?\(kept.joined())limit=\(limit)&amp;after=\(Page.query($0))\">More</a></p>\n"
        }
        let search = """
            <p><a href="\(up)">Up</a></p>
            <form><label>Paths here that begin with <input name="prefix" value="\(Page.text(query["prefix"] ?? ""))">\
            </label> <button>Search</button></form>

            """
        let nothing = rows.isEmpty ? "<p>There is nothing.</p>\n" : ""
        return Page(
            title: title,
            body: search + Page.table(["Name", "Bytes", "Published"], rows) + nothing + (more ?? "")
        ).answer
    }
}

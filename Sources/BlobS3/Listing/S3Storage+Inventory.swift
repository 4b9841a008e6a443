public import ObjectStorage
internal import Synchronization

extension S3Storage {
    /// A page is one request, where the server lists by name; where it lists by folder, a folder of up to 1,000 names
    /// is one, and a larger one as many as it has pages and folders.
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        let walk = Mutex<Walk?>(.unknown(request))
        return AsyncPull { () async throws(StoreError) in
            try await self.during("list") { () async throws(StoreError) in
                while let next = walk.withLock({ $0.take() }) {
                    if Task.isCancelled { throw StoreError(.cancelled, "the listing was cancelled") }
                    let (page, following) = try await self.step(next)
                    walk.withLock { $0 = following }
                    if !page.isEmpty { return page }
                }
                return nil
            }
        }
    }

    /// How far a listing has come, in either order.
    private enum Walk: Sendable {
        case unknown(ListRequest)
        case names(ListingWalk)
        case folders(FolderWalk)
    }

    /// - Returns: a page, and how it goes on; nil at the end.
    private func step(_ walk: Walk) async throws(StoreError) -> ([ListEntry], Walk?) {
        switch walk {
        case .unknown(let request):
            switch learned.order {
            case .names: return ([], .names(ListingWalk(request, prefix: prefix)))
            case .folders: return ([], .folders(FolderWalk(request)))
            }
        case .names(var walk):
            let page = try await walk.page(of: self)
            return (page, walk.isAtEnd ? nil : .names(walk))
        case .folders(var walk):
            let page = try await walk.page(of: self)
            return (page, walk.isAtEnd ? nil : .folders(walk))
        }
    }

    /// Multipart uploads below the root's prefix, and what probes left behind.
    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        let walk = Mutex<UploadWalk?>(UploadWalk())
        return AsyncPull { () async throws(StoreError) in
            try await self.during("uploadsInFlight") { () async throws(StoreError) in
                while var next = walk.withLock({ $0.take() }) {
                    let page = try await next.page(of: self)
                    let following = next.isAtEnd ? nil : next
                    walk.withLock { $0 = following }
                    if !page.isEmpty { return page }
                }
                return nil
            }
        }
    }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        let words = upload.id.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2, words[1].utf8.starts(with: prefix.utf8) else {
            throw StoreError(.invalidArgument, "\"\(upload.id.prefix(200))\" is not an upload of this storage")
        }
        try await during("discardUpload") { () async throws(StoreError) in
            let isProbe = words[0] == UploadWalk.probeID
            guard !isProbe || words[1].utf8.starts(with: (prefix + CapabilityProbe.folder).utf8) else {
                throw StoreError(.invalidArgument, "\"\(upload.id.prefix(200))\" is not an upload of this storage")
            }
            if isProbe { return try await session.delete(words[1]) }
            do throws(StoreError) {
                _ = try await session.send(S3Call("DELETE", words[1], query: [("uploadId", words[0])]))
            } catch  where error.code == .notFound {
                try error.unlessAboutTheBucket()
            }
        }
    }
}

/// What a request for names asks.
struct ListPage: Sendable {
    var folder = ""
    var startAfter: String?
    var token: String?
    var isFlat = false
    var limit: Int?
}

extension S3Storage {
    func listCall(_ page: ListPage) -> S3Call {
        var query = [
            (name: "list-type", value: "2"), (name: "encoding-type", value: "url"),
            (name: "prefix", value: prefix + page.folder),
        ]
        if page.isFlat { query.append(("delimiter", "/")) }
        if let token = page.token { query.append(("continuation-token", token)) }
        if let after = page.startAfter, page.token == nil { query.append(("start-after", prefix + after)) }
        if let limit = page.limit { query.append(("max-keys", String(limit))) }
        return S3Call("GET", nil, query: query)
    }
}

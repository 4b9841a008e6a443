/// A storage that is known to be the root it is said to be.
package struct Root: Sendable {
    package let url: RootURL
    package let storage: any Storage
    package let marker: RootMarker

    package var id: String { marker.id }

    /// What a caller knows of a root before opening it.
    package struct Identity: Sendable {
        package let kind: RootMarker.Kind
        package var feed: FeedName?
        /// The pinned id; nil where none is known yet.
        package var id: String?
        /// The id of the server root that a root is made for.
        package var server: String?

        package init(_ kind: RootMarker.Kind, feed: FeedName? = nil, id: String? = nil, server: String? = nil) {
            self.kind = kind
            self.feed = feed
            self.id = id
            self.server = server
        }
    }

    /// Opens a root and checks that it is the one expected.
    /// - Throws: `wrongRoot` when there is no root, or another; `unknownFormat`, `corrupt`.
    package static func open(
        _ url: RootURL, _ identity: Identity, with opener: any StorageOpener
    ) async throws(StoreError) -> Root {
        let storage: any Storage
        do { storage = try await opener.open(url) } catch  where error.code == .notFound {
            throw StoreError(.wrongRoot, identity.absence(at: url), cause: error.cause).during(
                "open", root: url.description)
        }
        do throws(StoreError) {
            guard let marker = try await marker(in: storage) else {
                throw StoreError(.wrongRoot, identity.absence(at: url)).during("open", root: url.description)
            }
            try identity.check(marker, at: url)
            return Root(url: url, storage: storage, marker: marker)
        } catch {
            await storage.close()
            throw error
        }
    }

    /// Makes a root in an empty place, or opens the one that is there.
    /// - Parameter outer: the root that the place may stand in.
    /// - Returns: the root, and whether this call made it.
    /// - Throws: `alreadyExists` when the place holds other things; `wrongRoot` when it is another root.
    package static func create(
        _ url: RootURL, _ identity: Identity, inside outer: RootURL? = nil, with opener: any StorageOpener
    ) async throws(StoreError) -> (root: Root, isNew: Bool) {
        let storage = try await opener.create(url, inside: outer)
        do throws(StoreError) {
            if let marker = try await marker(in: storage) {
                try identity.check(marker, at: url)
                return (Root(url: url, storage: storage, marker: marker), false)
            }
            if let marker = try await refuseOtherThings(in: storage, at: url) {
                try identity.check(marker, at: url)
                try await storage.flushRecord(FeedLayout.marker)
                return (Root(url: url, storage: storage, marker: marker), false)
            }
            let marker = try await write(
                RootMarker(identity.kind, feed: identity.feed, server: identity.server), to: storage)
            try identity.check(marker.found, at: url)
            return (Root(url: url, storage: storage, marker: marker.found), marker.isNew)
        } catch {
            await storage.close()
            throw error
        }
    }

    /// Makes sure, before work that writes, that this is still the place that was opened, and the root it was.
    /// - Throws: `wrongRoot`.
    package func verify() async throws(StoreError) {
        try await storage.checkLocation()
        guard let found = try await Self.marker(in: storage) else {
            throw StoreError(.wrongRoot, "the marker root.json of \(url) is gone: is the share mounted")
                .during("verify", root: url.description)
        }
        try Identity(marker.kind, feed: marker.feed, id: marker.id).check(found, at: url)
    }

    /// Who a storage says it is; nil when it has no marker.
    /// - Throws: `corrupt` or `unknownFormat`, naming the root, for a marker that does not tell.
    package static func marker(in storage: any Storage) async throws(StoreError) -> RootMarker? {
        do throws(StoreError) {
            return try await storage.document(FeedLayout.marker, as: RootMarker.self)?.body
        } catch  where error.code == .corrupt || error.code == .unknownFormat {
            throw StoreError(
                error.code, "\(storage.address) is no root that can be used: \(error.message)", cause: error.cause
            )
            .during("readRecord", key: FeedLayout.marker.text, root: storage.address)
        }
    }

    private static func write(
        _ marker: RootMarker, to storage: any Storage
    ) async throws(StoreError) -> (found: RootMarker, isNew: Bool) {
        do {
            return (try await storage.create(FeedLayout.marker, marker).body, true)
        } catch  where error.code == .preconditionFailed {
            // Another node made it at the same time.
            guard let found = try await Self.marker(in: storage) else { throw error }
            try await storage.flushRecord(FeedLayout.marker)
            return (found, false)
        }
    }

    /// Empty folders do not count: a feed that was deleted leaves them behind.
    /// - Returns: the marker that another node has made meanwhile; nil where the place is empty.
    private static func refuseOtherThings(
        in storage: any Storage, at url: RootURL
    ) async throws(StoreError) -> RootMarker? {
        for try await page in storage.list(ListRequest(isFlat: true)) {
            for entry in page where entry.text != "lost+found/" {
                guard let thing = try await firstThing(entry, in: storage) else { continue }
                // Whatever stands there, it was made after the marker, or this is no root.
                if let marker = try await marker(in: storage) { return marker }
                throw StoreError(
                    .alreadyExists,
                    "\(url) is no root and holds other things (\"\(thing.prefix(80))\"): choose an empty place")
            }
        }
        return nil
    }

    private static func firstThing(_ entry: ListEntry, in storage: any Storage) async throws(StoreError) -> String? {
        guard case .folder(let folder) = entry else { return entry.text }
        for try await page in storage.list(ListRequest(folder)) {
            if let first = page.first { return first.text }
        }
        return nil
    }
}

extension Root.Identity {
    fileprivate func absence(at url: RootURL) -> String {
        switch kind {
        case .server: "there is no root at \(url): is the share mounted? A new root is made with \"blobtool init\""
        case .feed: "the root of feed \"\(feed?.text ?? "?")\" is not at \(url): is the share mounted?"
        }
    }

    package func check(_ marker: RootMarker, at url: RootURL) throws(StoreError) {
        if let aside = marker.setAside {
            throw StoreError(
                .wrongRoot, "\(url) is no root any more: \(aside.by) set it aside on \(aside.at), to be kept"
            ).during("open", root: url.description)
        }
        if marker.kind != kind || (feed != nil && marker.feed != feed) {
            let wanted = kind == .server ? "a server root" : "the root of feed \"\(feed?.text ?? "?")\""
            throw StoreError(.wrongRoot, "\(url) is \(marker.owner), not \(wanted)").during(
                "open", root: url.description)
        }
        if let id, id != marker.id {
            throw StoreError(
                .wrongRoot, "\(url) has the id \(marker.id), but \(id) is expected: is another share mounted there?"
            ).during("open", root: url.description)
        }
    }
}

extension ListEntry {
    /// The name as it stands in the storage.
    package var text: String {
        switch self {
        case .key(let key, _): key.text
        case .folder(let folder): folder.text
        case .foreign(let path, _), .access(let path, _): path
        }
    }
}

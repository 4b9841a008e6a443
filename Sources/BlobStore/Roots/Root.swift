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
            guard let (marker, bytes) = try await marked(storage) else {
                throw StoreError(.wrongRoot, identity.absence(at: url)).during("open", root: url.description)
            }
            try identity.check(marker, at: url)
            try await anchor(storage, bytes)
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
            let made = try await make(url, identity, in: storage)
            try await anchor(storage)
            // It is there from the beginning, so that a check knows when all records are gone.
            if identity.kind == .feed { try await storage.keepFolder(FeedLayout.packages) }
            return made
        } catch {
            await storage.close()
            throw error
        }
    }

    private static func make(
        _ url: RootURL, _ identity: Identity, in storage: any Storage
    ) async throws(StoreError) -> (root: Root, isNew: Bool) {
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
    }

    /// Lets a storage whose address comes to lead elsewhere go on only where this very marker stands.
    /// - Parameter bytes: of the marker; nil where they must be read.
    private static func anchor(_ storage: any Storage, _ bytes: [UInt8]? = nil) async throws(StoreError) {
        guard let anchored = try await storage.capability((any AnchoredStorage).self, at: FeedLayout.marker) else {
            return
        }
        let known = if let bytes { bytes } else { try await marked(storage)?.bytes }
        if let known { anchored.storage.anchor(to: anchored.key, known) }
    }

    /// What a person should look at when a root is not where it should be.
    static func question(of url: RootURL) -> String {
        url.authority.isEmpty ? "is the share mounted?" : "are the address and its options right?"
    }

    /// Makes sure, before work that writes, that this is still the place that was opened, and the root it was.
    /// - Throws: `wrongRoot`.
    package func verify() async throws(StoreError) {
        try await storage.checkLocation()
        guard let found = try await Self.marker(in: storage) else {
            throw StoreError(.wrongRoot, "the marker root.json of \(url) is gone; \(Self.question(of: url))")
                .during("verify", root: url.description)
        }
        try Identity(marker.kind, feed: marker.feed, id: marker.id).check(found, at: url)
    }

    /// Who a storage says it is; nil when it has no marker.
    /// - Throws: `corrupt` or `unknownFormat`, naming the root, for a marker that does not tell.
    package static func marker(in storage: any Storage) async throws(StoreError) -> RootMarker? {
        try await marked(storage)?.marker
    }

    private static func marked(
        _ storage: any Storage
    ) async throws(StoreError) -> (marker: RootMarker, bytes: [UInt8])? {
        do throws(StoreError) {
            guard let record = try await storage.readRecord(FeedLayout.marker) else { return nil }
            return (try Stored<RootMarker>(record, at: FeedLayout.marker).body, record.bytes)
        } catch  where error.code == .corrupt || error.code == .unknownFormat {
            throw StoreError(
                error.code, "\(storage.address) is not a usable root: \(error.message)", cause: error.cause
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
            for entry in page where !entry.isLitter {
                guard let thing = try await firstThing(entry, in: storage) else { continue }
                // Whatever stands there, it was made after the marker, or this is no root.
                if let marker = try await marker(in: storage) { return marker }
                throw StoreError(
                    .alreadyExists,
                    "\(url) is not a root and holds other things (\"\(thing.prefix(80))\"); choose an empty place")
            }
        }
        return nil
    }

    private static func firstThing(_ entry: ListEntry, in storage: any Storage) async throws(StoreError) -> String? {
        guard case .folder(let folder) = entry else { return entry.text }
        for try await page in storage.list(ListRequest(folder)) {
            if let first = page.first(where: { !$0.isLitter }) { return first.text }
        }
        return nil
    }
}

extension Root.Identity {
    /// That the root is not there, as far as can be seen, and what to do.
    func absence(at url: RootURL) -> String {
        switch kind {
        case .server where id != nil: "the server root is not at \(url); \(Root.question(of: url))"
        case .server:
            "there is no root at \(url); \(Root.question(of: url)) Create a new root with \"blobtool init\""
        case .feed: "the root of feed \"\(feed?.text ?? "?")\" is not at \(url); \(Root.question(of: url))"
        }
    }

    package func check(_ marker: RootMarker, at url: RootURL) throws(StoreError) {
        if let aside = marker.setAside {
            throw StoreError(
                .wrongRoot, "\(url) is no longer a root: \(aside.by) set it aside on \(aside.at) to be kept"
            ).during("open", root: url.description)
        }
        if marker.kind != kind || (feed != nil && marker.feed != feed) {
            let wanted = kind == .server ? "a server root" : "the root of feed \"\(feed?.text ?? "?")\""
            throw StoreError(.wrongRoot, "\(url) is \(marker.owner), not \(wanted)").during(
                "open", root: url.description)
        }
        if let id, id != marker.id {
            throw StoreError(
                .wrongRoot, "\(url) has the id \(marker.id), but \(id) is expected; \(Root.question(of: url))"
            ).during("open", root: url.description)
        }
    }
}

// MARK: - Roots that are open

/// The feed roots that this process has open, so that each is opened once.
package actor RootCache {
    private let opener: any StorageOpener
    private var open: [RootURL: Root] = [:]

    package init(_ opener: any StorageOpener) {
        self.opener = opener
    }

    /// The root at `url`, checked against the identity, and whether it was opened just now for this call.
    /// - Throws: `wrongRoot`, and what opening throws.
    package func root(
        _ url: RootURL, _ identity: Root.Identity
    ) async throws(StoreError) -> (root: Root, isFresh: Bool) {
        if let known = open[url] {
            if (try? identity.check(known.marker, at: url)) != nil { return (known, false) }
            // The place has become another root since, or the feed another: look afresh.
            open[url] = nil
        }
        let root = try await Root.open(url, identity, with: opener)
        if let raced = open[url], raced.id == root.id {
            await root.storage.close()
            return (raced, false)
        }
        open[url] = root
        return (root, true)
    }

    /// Forgets a root, so that the next use opens it afresh. Who uses it still may go on.
    package func forget(_ url: RootURL) {
        open[url] = nil
    }

    package func close() async {
        let roots = open.values
        open = [:]
        for root in roots { await root.storage.close() }
    }
}

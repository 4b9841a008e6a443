internal import FoundationEssentials

/// What `root.json` says: which root this is. Written once, when the root is made.
package struct RootMarker: DocumentBody {
    package static let title = "root marker"
    package enum CodingKeys: String, CodingKey, CaseIterable { case kind, feed, id, created, server, setAside }

    package enum Kind: String, Sendable, Codable {
        case server, feed
    }

    package let kind: Kind
    /// The feed whose root this is.
    package let feed: FeedName?
    /// A UUID in lower case.
    package let id: String
    package let created: Timestamp
    /// The id of the server root whose catalog it was made for; nil where it was made by an older version.
    package let server: String?
    /// Set when it is no feed's root any more, and kept for a person. Its id is then a new one.
    package private(set) var setAside: SetAside?

    /// When a root was set aside, and by whom.
    package struct SetAside: Sendable, Equatable, Codable {
        package let at: Timestamp
        package let by: String
    }

    package init(_ kind: Kind, feed: FeedName? = nil, server: String? = nil) {
        self.kind = kind
        self.feed = feed
        self.server = server
        id = uniqueName()
        created = .now
    }

    /// The marker of the same root once it is set aside: no catalog names its id.
    package func markedAside(by: String) -> RootMarker {
        var next = RootMarker(kind, feed: feed, server: server)
        next.setAside = SetAside(at: .now, by: by)
        return next
    }

    /// e.g. `the root of feed "npm"`
    package var owner: String {
        switch (kind, feed) {
        case (.server, _): "a server root"
        case (.feed, let feed?): "the root of feed \"\(feed)\""
        case (.feed, nil): "a feed root"
        }
    }
}

internal import FoundationEssentials

/// What `root.json` says: which root this is. Written once, when the root is made.
package struct RootMarker: DocumentBody {
    package static let title = "root marker"
    package enum CodingKeys: String, CodingKey, CaseIterable { case kind, feed, id, created }

    package enum Kind: String, Sendable, Codable {
        case server, feed
    }

    package let kind: Kind
    /// The feed whose root this is.
    package let feed: FeedName?
    /// A UUID in lower case.
    package let id: String
    package let created: Timestamp

    package init(_ kind: Kind, feed: FeedName? = nil) {
        self.kind = kind
        self.feed = feed
        id = UUID().uuidString.lowercased()
        created = .now
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

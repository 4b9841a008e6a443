extension PackageStore {
    /// Refuses a place for a feed's root that lies inside of another root, or around one: of this store, of its feeds,
    /// or of anybody. Only the feed's own folder in the server root may be.
    /// - Throws: `invalidArgument`.
    package func refuseNesting(_ place: RootURL, of name: FeedName) async throws(StoreError) {
        if place != server.url.appending(Catalog.place(name)) { try await refuseNesting(of: place) }
    }

    /// Refuses a place that lies inside of another root, or around one.
    func refuseNesting(of place: RootURL) async throws(StoreError) {
        try await RootNesting(known: [server.url] + rootsOfFeeds(), opener).refuse(place)
    }

    /// Where the feeds have their roots, are going to, and came from.
    private func rootsOfFeeds() async throws(StoreError) -> [RootURL] {
        var roots: [RootURL] = []
        for try await page in catalog.names() {
            for name in page {
                do throws(StoreError) {
                    roots += catalog.places(of: try await catalog.existing(name).body)
                } catch {
                    // A record that is damaged or gone stands in the way of its own feed only.
                    guard [.corrupt, .unknownFormat, .notFound].contains(error.code) else { throw error }
                }
            }
        }
        return roots
    }
}

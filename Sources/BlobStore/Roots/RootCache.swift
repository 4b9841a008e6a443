/// The feed roots that this process has open, so that each is opened once.
package actor RootCache {
    private let opener: any StorageOpener
    private var open: [RootURL: Root] = [:]

    package init(_ opener: any StorageOpener) {
        self.opener = opener
    }

    /// The root at `url`, checked against the identity.
    /// - Throws: `wrongRoot`, and what opening throws.
    package func root(_ url: RootURL, _ identity: Root.Identity) async throws(StoreError) -> Root {
        if let known = open[url] {
            if (try? identity.check(known.marker, at: url)) != nil { return known }
            // The place has become another root since, or the feed another: look afresh.
            open[url] = nil
        }
        let root = try await Root.open(url, identity, with: opener)
        if let raced = open[url], raced.id == root.id {
            await root.storage.close()
            return raced
        }
        open[url] = root
        return root
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

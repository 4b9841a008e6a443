/// Where a blob stands between its publishers and its collectors, on a storage that cannot move objects atomically.
///
/// `none → condemned → deleting → none`, changed only by compare-and-swap, and never removed while the feed lives.
package struct CollectionMarker: DocumentBody {
    package static let title = "collection marker"
    package enum CodingKeys: String, CodingKey, CaseIterable { case digest, state }

    package enum State: String, Sendable, Codable {
        /// Nobody is collecting it.
        case none
        /// A collector found no record that names it, and will look again.
        case condemned
        /// A collector is removing it.
        case deleting
    }

    package let digest: Digest
    package var state: State

    package init(_ digest: Digest, _ state: State) {
        self.digest = digest
        self.state = state
    }
}

/// What publishers watch, so that they need not look at each blob's marker.
package protocol ContentGate: Sendable {
    /// Says that content may be taken away from now on. To be said after it was condemned, and before it is looked at
    /// whether it is wanted, or good.
    /// - Returns: what says that this is over; to be called once nothing can still take effect.
    func open() async throws(StoreError) -> @Sendable () async throws(StoreError) -> Void
}

extension ContentStore {
    /// Whether no blob here was ever condemned.
    package func hasNoMarkers() async throws(StoreError) -> Bool {
        for try await page in storage.list(ListRequest(FeedLayout.collection)) where !page.isEmpty { return false }
        return true
    }

    /// The marker of a blob; nil when it was never condemned.
    package func marker(_ digest: Digest) async throws(StoreError) -> Stored<CollectionMarker>? {
        try await storage.document(FeedLayout.marker(of: digest))
    }

    /// Swaps a marker to another state.
    /// - Returns: nil when another was faster.
    package func swap(
        _ marker: Stored<CollectionMarker>?, _ digest: Digest, to state: CollectionMarker.State
    ) async throws(StoreError) -> Stored<CollectionMarker>? {
        let key = FeedLayout.marker(of: digest)
        let next = CollectionMarker(digest, state)
        do throws(StoreError) {
            guard let marker else { return try await storage.create(key, next) }
            return try await storage.replace(key, marker, with: next)
        } catch  where error.code == .preconditionFailed {
            return nil
        }
    }

    /// Whether a marker has said `deleting` for longer than any removal can still take effect.
    package func isPastFence(_ digest: Digest) async throws(StoreError) -> Bool {
        let key = FeedLayout.marker(of: digest)
        guard let place = try await storage.capability((any FencedRemovals).self, at: FeedLayout.blob(digest)) else {
            return false
        }
        let before = Key(trusted: "collection/\(digest.hex)")
        let request = ListRequest(FeedLayout.collection, startAfter: before, isFlat: true, wantsDetails: true)
        for try await page in storage.list(request) {
            for case .key(let found, let info) in page {
                return found == key && (info?.age ?? .zero) > place.storage.fence
            }
        }
        return false
    }

    /// A publisher's word to the collectors: this blob is wanted. To be said before it is looked at once more.
    /// - Throws: `unavailable` while a collector is removing it, for at most the fence.
    func spare(_ digest: Digest) async throws(StoreError) {
        for _ in 0..<Self.maximumPauses {
            guard let marker = try await marker(digest) else { return }
            switch marker.body.state {
            case .none: return
            case .condemned: if try await swap(marker, digest, to: .none) != nil { return }
            case .deleting:
                if try await isPastFence(digest) {
                    if try await swap(marker, digest, to: .none) != nil { return }
                } else {
                    try await pause()
                }
            }
        }
        throw StoreError(
            .unavailable, "the content \(digest) is being collected right now; try again in a few minutes")
    }

    /// So many times, half a second apart, it is looked whether another's removal is over.
    static var maximumPauses: Int { 60 }

    func pause() async throws(StoreError) {
        do { try await Task.sleep(for: .milliseconds(500)) } catch {
            throw StoreError(.cancelled, "cancelled while waiting for a collector")
        }
    }
}

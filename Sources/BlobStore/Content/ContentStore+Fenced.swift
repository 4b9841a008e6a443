extension ContentStore {
    /// Puts a blob into quarantine where it cannot be moved in one step.
    ///
    /// It is condemned, and only then looked at: who heals it after that look finds it condemned before he reports, and
    /// swaps the marker back, so that the swap to `deleting` fails here; or he finds it `deleting`, waits, looks again
    /// and brings it back. The removal is prepared, and dated, before that swap, so that it cannot come later.
    func quarantine(
        _ digest: Digest, behind fenced: (storage: any FencedRemovals, key: Key), why: String, by: String
    ) async throws(StoreError) -> Key? {
        for _ in 0..<Self.patience {
            guard let condemned = try await condemn(digest) else {
                try await pause()  // Another is removing it, or was faster.
                continue
            }
            guard try await isPresentAndBad(digest) else {
                _ = try await swap(condemned, digest, to: .none)
                return nil
            }
            let place = FeedLayout.quarantined(digest)
            _ = try await storage.copyObject(from: storage, FeedLayout.blob(digest), to: place)
            try await note(place, digest, why: why, by: by)
            let removal = try await fenced.storage.prepareRemoval(of: fenced.key)
            guard let deleting = try await swap(condemned, digest, to: .deleting) else { continue }
            try await removal.run()
            _ = try await swap(deleting, digest, to: .none)
            return place
        }
        throw StoreError(.unavailable, "the blob \(digest) kept being changed by others: try again in some minutes")
    }

    /// Says that a blob is to be removed, or adopts it when another said so and went no further.
    /// - Returns: nil when another is removing it, or was faster.
    func condemn(_ digest: Digest) async throws(StoreError) -> Stored<CollectionMarker>? {
        let marker = try await marker(digest)
        switch marker?.body.state {
        case .condemned: return marker
        case .deleting:
            guard try await isPastFence(digest) else { return nil }
            return try await swap(marker, digest, to: .condemned)
        case nil, CollectionMarker.State.none?: return try await swap(marker, digest, to: .condemned)
        }
    }

    private func isPresentAndBad(_ digest: Digest) async throws(StoreError) -> Bool {
        do { return try await !isGood(FeedLayout.blob(digest), digest) } catch  where error.code == .notFound {
            return false
        }
    }
}

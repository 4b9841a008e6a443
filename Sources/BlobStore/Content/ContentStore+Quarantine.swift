internal import FoundationEssentials

/// Why an object stands in quarantine.
package struct QuarantineNote: DocumentBody {
    package static let title = "quarantine note"
    package enum CodingKeys: String, CodingKey, CaseIterable { case digest, why, at, by }

    package var digest: Digest
    package var why: String
    package var at: Timestamp
    package var by: String

    package init(digest: Digest, why: String, at: Timestamp, by: String) {
        self.digest = digest
        self.why = why
        self.at = at
        self.by = by
    }
}

extension ContentStore {
    /// Takes a damaged blob out of its place, for a person to look at.
    ///
    /// An upload may heal the blob at any moment. Where objects move atomically, what was moved is hashed, and what is
    /// good goes back. Elsewhere the blob is looked at, copied and removed behind a fence, as collectors do it. Nothing
    /// is deleted.
    /// - Returns: the key in quarantine; nil when there was nothing to move, or it was good.
    @discardableResult
    package func quarantine(_ digest: Digest, why: String, by: String) async throws(StoreError) -> Key? {
        if !storage.capabilities.atomicMove,
            let fenced = try await storage.capability((any FencedRemovals).self, at: FeedLayout.blob(digest))
        {
            return try await quarantine(digest, behind: fenced, why: why, by: by)
        }
        let place = FeedLayout.quarantined(digest)
        do {
            try await storage.moveObject(FeedLayout.blob(digest), to: place)
        } catch  where error.code == .notFound {
            return nil
        }
        if try await isGoodAside(place, digest) {
            if try await !goesBack(place, digest) {
                // Healed twice: the blob is in its place, and the spare copy stays here with its note.
                try await note(place, digest, why: "a good spare copy: \(why)", by: by)
            }
            return nil
        }
        try await note(place, digest, why: why, by: by)
        return place
    }

    /// Whether what was just moved is good. Where that cannot be told it goes back to where it was found.
    private func isGoodAside(_ place: Key, _ digest: Digest) async throws(StoreError) -> Bool {
        do { return try await isGood(place, digest) } catch {
            // A repair finds what stays here; and the first error matters more than a second one.
            _ = try? await goesBack(place, digest)
            throw error
        }
    }

    /// Gives a blob its own name again. That name was used before, and others may take it at any moment: so it is taken
    /// as a publisher takes it, and only then does the name in quarantine go.
    /// - Returns: false when another blob stands in its place by now.
    private func goesBack(_ place: Key, _ digest: Digest) async throws(StoreError) -> Bool {
        let home = FeedLayout.blob(digest)
        do throws(StoreError) {
            guard try await storage.copyObject(from: storage, place, to: home) == .created else { return false }
            try await storage.removeObject(place)
            return true
        } catch {
            switch error.code {
            case .alreadyExists: return false
            case .corrupt where !error.isOfTheWay: return false
            case .unsupported: return try await movesBack(place, to: home)
            default: throw error
            }
        }
    }

    /// Where nothing can be copied without moving its bytes one process writes alone.
    private func movesBack(_ place: Key, to home: Key) async throws(StoreError) -> Bool {
        do {
            try await storage.moveObject(place, to: home)
            return true
        } catch  where error.code == .alreadyExists {
            return false
        }
    }

    /// Keeps bytes that are no blob's, for a person to look at.
    package func quarantine(_ bytes: [UInt8], why: String, by: String) async throws(StoreError) {
        let digest = try Digest(of: bytes)
        let place = FeedLayout.quarantined(digest)
        _ = try await storage.writeObject(place, ObjectSource(bytes))
        try await note(place, digest, why: why, by: by)
    }

    func note(_ place: Key, _ digest: Digest, why: String, by: String) async throws(StoreError) {
        let note = QuarantineNote(digest: digest, why: why, at: .now, by: by)
        _ = try await storage.create(FeedLayout.note(of: place), note)
    }

    /// Whether an object's bytes have this digest. What cannot be read to its end is not good.
    package func isGood(_ key: Key, _ digest: Digest) async throws(StoreError) -> Bool {
        do {
            return try await storage.readObject(key, range: nil) { (content) async throws(StoreError) in
                try await ContentHasher.summary(of: content.chunks).digest == digest
            }
        } catch  where (error.code == .corrupt || error.code == .failed) && !error.isOfTheWay {
            return false
        }
    }
}

extension ContentStore {
    /// Puts a blob into quarantine where it cannot be moved in one step.
    ///
    /// It is condemned, and only then looked at: a node that heals it after that look finds it condemned before it
    /// reports, and swaps the marker back, so that the swap to `deleting` fails here; or it finds it `deleting`, waits,
    /// looks again and brings it back. The gate is opened before that look, so that every node that heals it later
    /// looks at the marker at all. The removal is prepared, and dated, before that swap, so that it cannot come later.
    func quarantine(
        _ digest: Digest, behind fenced: (storage: any FencedRemovals, key: Key), why: String, by: String
    ) async throws(StoreError) -> Key? {
        guard let gate else { throw StoreError(.failed, "publishers cannot be told that content is taken away here") }
        try await fenced.storage.expectFence()
        for _ in 0..<Self.maximumPauses {
            guard let condemned = try await condemn(digest) else {
                try await pause()  // Another is removing it, or was faster.
                continue
            }
            let close = try await gate.open()
            guard try await isPresentAndBad(digest) else {
                if try await swap(condemned, digest, to: .none) != nil { try await close() }
                return nil
            }
            let place = FeedLayout.quarantined(digest)
            _ = try await storage.copyObject(from: storage, FeedLayout.blob(digest), to: place)
            try await note(place, digest, why: why, by: by)
            let removal = try await fenced.storage.prepareRemoval(of: fenced.key)
            guard let deleting = try await swap(condemned, digest, to: .deleting) else { continue }
            try await removal.run()
            if try await swap(deleting, digest, to: .none) != nil { try await close() }
            return place
        }
        throw StoreError(
            .unavailable, "the blob \(digest) was changed by others again and again; try again in a few minutes")
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

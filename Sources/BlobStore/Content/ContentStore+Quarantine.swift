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
        if !storage.capabilities.atomicMove, let fenced = try await storage.fencedPlace(of: FeedLayout.blob(digest)) {
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

    /// - Returns: false when another blob stands in its place by now.
    private func goesBack(_ place: Key, _ digest: Digest) async throws(StoreError) -> Bool {
        do {
            try await storage.moveObject(place, to: FeedLayout.blob(digest))
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
        var found: Digest?
        do {
            try await storage.readObject(key, range: nil) { (content) async throws(StoreError) in
                var hasher = try ContentHasher()
                for try await chunk in content.chunks { hasher.update(chunk) }
                found = try hasher.finish().digest
            }
        } catch  where error.code == .corrupt || error.code == .failed {
            return false
        }
        return found == digest
    }
}

extension ContentStore {
    /// Looks again for content that a record names by now, and brings it back while a collector takes it away.
    ///
    /// Where blobs do not move atomically, the collectors are told first that it is wanted.
    /// - Parameter staged: the content, where the caller has it.
    /// - Throws: `notFound` when it is gone and there is nothing to bring it back from.
    package func settle(_ summary: ContentHasher.Summary, _ staged: borrowing StagedContent?) async throws(StoreError) {
        for _ in 0..<16 {
            if !storage.capabilities.atomicMove { try await spare(summary.digest) }
            if let info = try await stat(summary.digest), info.size == summary.size { return }
            if staged != nil {
                try await bringBack(staged)
            } else if try await !bringBack(summary.digest) {
                if let info = try await stat(summary.digest), info.size == summary.size { return }
                throw StoreError(.notFound, "the content \(summary.digest) is gone: publish it again")
            }
        }
        throw StoreError(.unavailable, "the blob \(summary.digest) kept being taken away: try again")
    }

    private func bringBack(_ staged: borrowing StagedContent?) async throws(StoreError) {
        switch staged {
        case .some(let content): _ = try await secure(content)
        case .none: break
        }
    }

    /// Links a blob back from `retired/`.
    /// - Returns: false when no retired copy is there.
    package func bringBack(_ digest: Digest) async throws(StoreError) -> Bool {
        for key in try await retiredCopies(of: digest) {
            do {
                _ = try await storage.copyObject(from: storage, key, to: FeedLayout.blob(digest))
                return true
            } catch  where error.code == .notFound {
                continue  // Settled by another process meanwhile.
            }
        }
        return false
    }

    /// Puts content in its place that a record names already, and then looks again as a publisher does.
    package func putBack(_ staged: consuming StagedContent) async throws(StoreError) {
        let summary = staged.summary
        let content: StagedContent? = consume staged
        try await bringBack(content)
        try await settle(summary, content)
    }

    /// The blob's names in `retired/`, of which there are few.
    package func retiredCopies(of digest: Digest) async throws(StoreError) -> [Key] {
        try await copies(of: digest, in: FeedLayout.retired)
    }

    /// The blob's names in `retired/` and `quarantine/`, good or bad.
    package func copiesAside(of digest: Digest) async throws(StoreError) -> [Key] {
        try await retiredCopies(of: digest) + copies(of: digest, in: FeedLayout.quarantine)
    }

    private func copies(of digest: Digest, in folder: KeyPrefix) async throws(StoreError) -> [Key] {
        let before = Key(trusted: folder.text + digest.hex)
        var found: [Key] = []
        for try await page in storage.list(ListRequest(folder, startAfter: before, isFlat: true)) {
            for case .key(let key, _) in page {
                guard FeedLayout.digest(ofSetAside: key) == digest else { return found }
                if !key.isRecord { found.append(key) }
            }
        }
        return found
    }
}

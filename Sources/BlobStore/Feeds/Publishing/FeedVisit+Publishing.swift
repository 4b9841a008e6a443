/// The steps of publishing, each durable before the next:
///
/// 1. the content stands under its digest (``ContentStore/secure(_:)``);
/// 2. the record names it (`record`);
/// 3. settled with the collector: the content is looked at again (``ContentStore/settle(_:_:)``);
/// 4. settled with the migrator: the feed's epoch is still what it was (``FeedVisit/isCurrent()``).
extension FeedVisit {
    /// Step 2: writes the record, or finds that it says the same already. A garbled record is written anew.
    /// - Throws: `alreadyExists` for other content in an immutable feed.
    func record(
        _ content: PackageContent, at path: PackagePath, _ act: PackageRecord.Act
    ) async throws(StoreError) -> Published.Outcome {
        var backoff = Backoff()
        while true {
            do throws(StoreError) {
                _ = try await storage.create(path.key, PackageRecord(path, content, act))
                return .created
            } catch  where error.code == .preconditionFailed {}
            do throws(StoreError) {
                guard let stored = try await package(path) else { continue }
                return try await record(content, over: stored, act)
            } catch  where error.code == .preconditionFailed {
                try await backoff.wait(or: error)
            } catch  where error.code == .corrupt {
                if try await heal(PackageRecord(path, content, act), by: act.by) { return .healed }
                try await backoff.wait(or: error)
            }
        }
    }

    private func record(
        _ content: PackageContent, over stored: Stored<PackageRecord>, _ act: PackageRecord.Act
    ) async throws(StoreError) -> Published.Outcome {
        let present = stored.body
        if present.deleted == nil && present.digest == content.digest {
            // It may be another's work that no disk holds yet.
            try await storage.flushRecord(present.path.key)
            return .unchanged
        }
        if present.deleted == nil && !self.record.mutable {
            throw StoreError(
                .alreadyExists,
                "\"\(present.path)\" is published in feed \"\(feed.name)\" with other content (\(present.digest)), "
                    + "and the feed is immutable: publish under another path")
        }
        let next = present.replaced(by: content, act, revision: stored.document.revision)
        _ = try await storage.replace(present.path.key, stored, with: next)
        return present.deleted == nil ? .replaced : .created
    }
}

/// A publication after steps 1 and 2, which is reported only after 3 and 4.
package struct Placed: ~Copyable, Sendable {
    let staged: StagedContent?
    let summary: ContentHasher.Summary
    package let published: Published

    init(_ staged: consuming StagedContent?, _ summary: ContentHasher.Summary, _ published: Published) {
        self.staged = staged
        self.summary = summary
        self.published = published
    }
}

extension FeedVisit {
    /// Steps 1 and 2 for content that is staged.
    /// - Parameter names: whether the record at the path names that content. Asked before content is brought that was
    ///   absent: a record that names it by then lacked it, while one that comes later is another publisher's, who found
    ///   what was brought.
    func place(
        _ staged: consuming StagedContent, at path: PackagePath, _ details: PublicationDetails,
        names: (Digest) async throws(StoreError) -> Bool
    ) async throws(StoreError) -> Placed {
        let summary = staged.summary
        var isHealing = false
        if try await !content.refresh(summary) {
            let lacksIt = try await names(summary.digest)
            isHealing = try await content.commit(staged) != .present && lacksIt
        }
        let described = PackageContent(
            summary, contentType: details.contentType, annotations: details.annotations)
        let outcome = try await record(described, at: path, PackageRecord.Act(at: .now, by: details.by))
        let reported = outcome == .unchanged && isHealing ? .healed : outcome
        return Placed(
            consume staged, summary,
            Published(outcome: reported, path: path, digest: summary.digest, size: summary.size))
    }

    /// What is published at the path; nil where nothing is, or its record is garbled.
    func published(at path: PackagePath) async throws(StoreError) -> PackageRecord? {
        do throws(StoreError) {
            guard let present = try await package(path)?.body, present.deleted == nil else { return nil }
            return present
        } catch  where error.code == .corrupt {
            return nil
        }
    }

    /// Whether a package's record names content.
    func names(_ digest: Digest, at path: PackagePath) async throws(StoreError) -> Bool {
        try await published(at: path)?.digest == digest
    }

    /// Step 3.
    func settle(_ placed: borrowing Placed) async throws(StoreError) {
        try await content.settle(placed.summary, placed.staged)
    }
}

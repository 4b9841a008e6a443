// Every publication takes the same four steps, whoever brings the content: a publisher, an import, another feed
// (promotion), or the feed's own past (restoring). Each step is durable before the next.
//
//  1. Stage: the content stands under its digest               OpenFeed.secure, ContentStore.stage
//  2. Write the record, which names the content                OpenFeed.record
//  3. Settle with the collector: the content is still there    OpenFeed.settle
//  4. Settle with the migrator: the epoch is still the same    Feed.untilCurrent
//
// Steps 3 and 4 are one read of the feed's record where its gate tells that nobody took content away meanwhile; else
// step 3 is a look at the content. Only then is anything reported. Models of the protocol stand in `Tests/ModelTests`.

extension Feed {
    /// Publishes content at a path.
    ///
    /// *Guarantees*: another node sees all of it or none; what is reported survives a power cut. The same content
    /// again is a success (`unchanged`). Content whose stored bytes are missing or of the wrong size is healed.
    /// - Parameters:
    ///   - content: the bytes, in chunks; read once.
    ///   - expected: the digest that the content must have.
    ///   - condition: what must be published at the path before; nil for whatever the feed's policy admits.
    /// - Throws: `alreadyExists` for other content at the path of an immutable feed; `preconditionFailed` where the
    ///   condition is not met; `digestMismatch`; `sourceFailed`; `migrating`; `wrongRoot`; `outcomeUnknown`. Then the
    ///   path is as it was, but after `outcomeUnknown`, and may be published again in any case.
    /// - Cost: one pass over the content, a few MiB of memory.
    public func publish<Content: AsyncSequence & Sendable>(
        _ content: Content, at path: PackagePath, expecting expected: Digest? = nil, if condition: Condition? = nil,
        _ details: PublicationDetails
    ) async throws(StoreError) -> Published where Content.Element == [UInt8] {
        try await publish(at: path, if: condition, details) { (opened) async throws(StoreError) in
            try await opened.content.stage(content, expecting: expected, extras: opened.extras)
        }
    }

    /// Publishes content that can be read again at a path; see the general form.
    /// - Throws: also `invalidArgument` for more than the feed's root takes, before anything is read.
    /// - Cost: where the root is in a bucket, content over 1 MiB is read twice rather than put aside on this machine.
    public func publish(
        _ source: ObjectSource, at path: PackagePath, expecting expected: Digest? = nil, if condition: Condition? = nil,
        _ details: PublicationDetails
    ) async throws(StoreError) -> Published {
        try await publish(at: path, if: condition, details) { (opened) async throws(StoreError) in
            try await opened.content.stage(source, expecting: expected, extras: opened.extras)
        }
    }

    /// Publishes content at a path; see the general form.
    public func publish<Content: AsyncSequence & Sendable>(
        _ content: Content, at path: PackagePath, expecting expected: Digest? = nil, if condition: Condition? = nil,
        by: String
    ) async throws(StoreError) -> Published where Content.Element == [UInt8] {
        try await publish(content, at: path, expecting: expected, if: condition, PublicationDetails(by: by))
    }

    /// Stages content once, and takes the other steps with it; where the feed changes meanwhile, with what was stored.
    private func publish(
        at path: PackagePath, if condition: Condition?, _ details: PublicationDetails,
        staging stage: (OpenFeed) async throws(StoreError) -> StagedContent
    ) async throws(StoreError) -> Published {
        var stored: (feed: OpenFeed, summary: ContentHasher.Summary)?
        var act: PackageRecord.Act?
        var earlier: Published.Outcome?
        return try await untilCurrent("while \"\(path)\" was published") {
            (opened) async throws(StoreError) -> Round<Published>? in
            let staged: StagedContent
            if let stored {
                staged = try await opened.stage(stored.summary, from: stored.feed)
            } else {
                // Looked at before the content is read, too: it may be large.
                if let condition { try condition.check(try await opened.readable(path), at: path) }
                staged = try await stage(opened)
            }
            let isRepeated = stored != nil
            stored = (opened, staged.summary)
            let secured = try await opened.secure(staged, details) { (digest) async throws(StoreError) in
                try await opened.published(at: path)?.digest == digest
            }
            let admission = condition.map { Admission(condition: $0, isRepeated: isRepeated) }
            let acted = act ?? PackageRecord.Act(at: .now, by: details.by)
            act = acted
            var round = try await opened.publish(secured, at: path, acted, if: admission)
            round.value.outcome = round.value.outcome.after(earlier)
            earlier = round.value.outcome
            return round
        }
    }

    /// Step 4 around the others: they are taken until the feed's epoch is still what it was when they began, so that
    /// nothing is reported done that a migration did not see.
    /// - Parameters:
    ///   - meanwhile: when the feed kept changing, for the error.
    ///   - isForWriting: false where nothing is written, and a feed that takes no writes is no error.
    ///   - steps: steps 1 to 3; nil to begin again.
    func untilCurrent<Value: Sendable>(
        _ meanwhile: String, isForWriting: Bool = true, _ steps: (OpenFeed) async throws(StoreError) -> Round<Value>?
    ) async throws(StoreError) -> Value {
        var hasWritten = false
        for _ in 0..<8 {
            let opened: OpenFeed
            do throws(StoreError) { opened = isForWriting ? try await openForWriting() : try await open() } catch {
                throw hasWritten && error.code == .migrating ? unknown(meanwhile, error) : error
            }
            guard let round = try await steps(opened) else { continue }
            if round.isKnownToBeCurrent { return round.value }
            if try await opened.isCurrent() { return round.value }
            hasWritten = isForWriting
        }
        throw StoreError(.unavailable, "the feed \"\(name)\" kept changing \(meanwhile); try again")
    }
}

/// What steps 1 to 3 came to.
struct Round<Value: Sendable>: Sendable {
    var value: Value
    /// Whether the read that settled it with the collectors has shown that the feed is current, too: step 4 is done.
    var isKnownToBeCurrent = false
}

// MARK: - Step 1: the content stands under its digest

/// Content that step 1 has put under its digest.
struct SecuredContent: ~Copyable, Sendable {
    let content: PackageContent
    /// The copy that was staged, to bring the content back from; nil where there was no need for one.
    var staged: StagedContent?
    /// Whether content was brought that the record at the path named and did not have.
    var isHealed = false
    /// How it is known to be whole, where nobody sent it.
    var verified: Published.Verified?
}

extension OpenFeed {
    /// Puts staged content under its digest, unless it stands there.
    /// - Parameter isNamed: whether the record at the path names that content. Asked before content is brought that
    ///   may be absent: a record that names it by then lacked it, while one that comes later is another publisher's,
    ///   who found what was brought.
    func secure(
        _ staged: consuming StagedContent, _ details: PublicationDetails,
        isNamed: (Digest) async throws(StoreError) -> Bool
    ) async throws(StoreError) -> SecuredContent {
        let summary = staged.summary
        var isHealed = false
        if try await isWrittenUnasked(summary, isNamed) {
            _ = try await content.commit(staged)
        } else if try await !content.refresh(summary) {
            let lacksIt = try await isNamed(summary.digest)
            isHealed = try await content.commit(staged) != .present && lacksIt
        }
        let described = PackageContent(
            summary, contentType: details.contentType, annotations: details.annotations)
        return SecuredContent(content: described, staged: consume staged, isHealed: isHealed)
    }

    /// Whether one request is to make the content present, whole and young, without looking for it: where it is small,
    /// and hardly there already.
    private func isWrittenUnasked(
        _ summary: ContentHasher.Summary, _ isNamed: (Digest) async throws(StoreError) -> Bool
    ) async throws(StoreError) -> Bool {
        guard content.isWrittenUnasked(summary.size) else { return false }
        return try await !isNamed(summary.digest)
    }

    /// Stages here what another root holds.
    func stage(
        _ summary: ContentHasher.Summary, from other: OpenFeed
    ) async throws(StoreError) -> StagedContent {
        try await other.content.read(summary.digest, size: summary.size) { (reading) async throws(StoreError) in
            try await content.stage(reading.chunks, expecting: summary.digest, extras: extras)
        }
    }

    /// What is published at the path; nil where nothing is, or its record is garbled.
    func published(at path: PackagePath) async throws(StoreError) -> PackageRecord? {
        try await publishedRecord(at: path)?.body
    }

    /// The same, as it is stored.
    func publishedRecord(at path: PackagePath) async throws(StoreError) -> Stored<PackageRecord>? {
        do throws(StoreError) {
            guard let present = try await package(path), present.body.deleted == nil else { return nil }
            return present
        } catch  where error.code == .corrupt {
            return nil
        }
    }

    /// Steps 2 and 3 for content that stands under its digest.
    /// - Throws: `notFound` when a collector took the content, and there is no staged copy; nothing names it then.
    func publish(
        _ secured: consuming SecuredContent, at path: PackagePath, by: String
    ) async throws(StoreError) -> Round<Published> {
        try await publish(secured, at: path, PackageRecord.Act(at: .now, by: by), if: nil)
    }

    /// The same for an act that may be repeated, and on condition.
    fileprivate func publish(
        _ secured: consuming SecuredContent, at path: PackagePath, _ act: PackageRecord.Act, if admission: Admission?
    ) async throws(StoreError) -> Round<Published> {
        let recorded = try await record(secured.content, at: path, act, if: admission)
        let isCurrent = await isUndisturbedAndCurrent()
        if !isCurrent { try await settle(recorded, of: secured.content.summary, from: secured.staged) }
        return Round(value: Published(secured, recorded, at: path), isKnownToBeCurrent: isCurrent)
    }
}

extension Published {
    init(_ secured: borrowing SecuredContent, _ recorded: Recorded, at path: PackagePath) {
        self.init(
            outcome: recorded.outcome == .unchanged && secured.isHealed ? .healed : recorded.outcome, path: path,
            digest: secured.content.digest, size: secured.content.size, revision: recorded.revision,
            verified: secured.verified)
    }
}

// MARK: - Step 2: the record names it

/// What step 2 came to, and what is needed to withdraw it.
struct Recorded: Sendable {
    let outcome: Published.Outcome
    /// The revision of the record that is there now.
    let revision: String
    /// The record as this publication wrote it; nil where it says what another had written.
    let written: Stored<PackageRecord>?
    /// What it was written over; nil where nothing was, or nothing that could be read.
    let before: PackageRecord?

    /// A record that this publication wrote.
    init(_ outcome: Published.Outcome, _ written: Stored<PackageRecord>, over before: PackageRecord? = nil) {
        self.outcome = outcome
        self.revision = written.document.revision
        self.written = written
        self.before = before
    }

    /// A record that says the same already.
    init(unchanged found: Stored<PackageRecord>) {
        outcome = .unchanged
        revision = found.document.revision
        written = nil
        before = nil
    }
}

/// A condition, as one round of a publication holds it against what is there.
struct Admission: Sendable {
    let condition: Condition
    /// Whether an earlier round may have written the record, which then meets the condition.
    let isRepeated: Bool

    func check(
        _ stored: Stored<PackageRecord>?, at path: PackagePath, _ digest: Digest, _ act: PackageRecord.Act
    ) throws(StoreError) {
        if isRepeated, let body = stored?.body, body.deleted == nil, body.digest == digest,
            PackageRecord.Act(at: body.published, by: body.publishedBy) == act
        {
            return
        }
        try condition.check(stored, at: path)
    }
}

extension OpenFeed {
    /// Writes the record, or finds that it says the same already. A garbled record is written anew, unless there is a
    /// condition.
    /// - Throws: `alreadyExists` for other content in an immutable feed; `preconditionFailed` where the condition is
    ///   not met.
    func record(
        _ content: PackageContent, at path: PackagePath, _ act: PackageRecord.Act, if admission: Admission? = nil
    ) async throws(StoreError) -> Recorded {
        var backoff = Backoff()
        while true {
            if admission?.condition.admitsAbsence != false {
                do throws(StoreError) {
                    return Recorded(
                        .created, try await storage.create(path.key, PackageRecord(path, content: content, by: act)))
                } catch  where error.code == .preconditionFailed {}
            }
            // Not where a lost race is caught: a condition that is not met is no reason to try again.
            let found: Stored<PackageRecord>?
            if let admission {
                found = try await readable(path)
                try admission.check(found, at: path, content.digest, act)
            } else {
                found = nil
            }
            do throws(StoreError) {
                let present = if let found { found } else { try await package(path) }
                guard let present else { continue }
                return try await record(content, over: present, act)
            } catch  where error.code == .preconditionFailed {
                try await backoff.wait(or: error)
            } catch  where error.code == .corrupt {
                if let healed = try await heal(PackageRecord(path, content: content, by: act), by: act.by) {
                    return Recorded(.healed, healed)
                }
                try await backoff.wait(or: error)
            }
        }
    }

    /// The record of a path for who has a condition, which a garbled record cannot meet.
    func readable(_ path: PackagePath) async throws(StoreError) -> Stored<PackageRecord>? {
        do throws(StoreError) { return try await package(path) } catch  where error.code == .corrupt {
            throw StoreError(
                .preconditionFailed,
                "the record of \"\(path)\" is garbled, so nothing tells whether the condition is met; repair the feed",
                cause: error.cause)
        }
    }

    private func record(
        _ content: PackageContent, over stored: Stored<PackageRecord>, _ act: PackageRecord.Act
    ) async throws(StoreError) -> Recorded {
        let present = stored.body
        if present.deleted == nil && present.digest == content.digest {
            // It may be another's work that no disk holds yet.
            try await storage.flushRecord(present.path.key)
            return Recorded(unchanged: stored)
        }
        if present.deleted == nil { try expectMutable(present) }
        let next = present.replaced(by: content, act, revision: stored.document.revision)
        let written = try await storage.replace(present.path.key, stored, with: next)
        return Recorded(present.deleted == nil ? .replaced : .created, written, over: present)
    }

    /// - Throws: `alreadyExists` where what is published cannot be replaced by other content.
    func expectMutable(_ present: PackageRecord) throws(StoreError) {
        if record.admitsReplacing(present.path) { return }
        throw StoreError(
            .alreadyExists,
            "\"\(present.path)\" is published in feed \"\(feed.name)\" with other content (\(present.digest)), "
                + "and the feed is immutable; publish under another path")
    }

    /// Puts a sound record over one that is garbled or names another path; what stood there is kept in quarantine.
    /// - Returns: the record as it was written; nil when it is absent, or sound by now.
    /// - Throws: `preconditionFailed` when another wrote meanwhile; `unknownFormat`.
    package func heal(
        _ record: PackageRecord, by: String
    ) async throws(StoreError) -> Stored<PackageRecord>? {
        try await storage.replaceGarbled(
            record.path.key, with: record, isSound: { $0.path == record.path }
        ) { (garbled) async throws(StoreError) in
            try await content.quarantine(
                garbled, why: "the record of \"\(record.path)\" was garbled and was rewritten", by: by)
        }
    }
}

// MARK: - Steps 3 and 4: nobody took it away meanwhile

extension OpenFeed {
    /// Steps 3 and 4 in one read of the feed's record: nobody began to take content away since the feed was opened, and
    /// nothing else has changed that publishers rely on.
    ///
    /// It settles all whose content was found in its place, or put there, after the feed was opened, and whose record
    /// was written before this call. Whoever takes content away later swaps the gate first, and then sees those
    /// records.
    /// - Returns: false also where that cannot be read: then it is looked at the content.
    func isUndisturbedAndCurrent() async -> Bool {
        guard record.presentGate.state == .idle, let now = try? await feed.record() else { return false }
        return now.epoch == record.epoch && record.isUndisturbed(at: now)
    }

    /// Looks at the content again. A record whose content cannot be settled is withdrawn, so that none stays that names
    /// nothing: whoever was stopped for days finds that the content was collected, and the staged copy, too.
    /// - Throws: `notFound` when it is gone and there is nothing to bring it back from.
    func settle(
        _ recorded: Recorded, of summary: ContentHasher.Summary, from staged: borrowing StagedContent?
    ) async throws(StoreError) {
        do throws(StoreError) { try await content.settle(summary, staged) } catch {
            await withdraw(recorded)
            throw error
        }
    }

    /// Puts back what a record was written over, else a tombstone, unless another has written since: what that one
    /// wrote is newer, and is that one's to settle.
    private func withdraw(_ recorded: Recorded) async {
        guard let written = recorded.written else { return }
        let act = PackageRecord.Act(at: .now, by: feed.store.node.text)
        let next = recorded.before ?? written.body.deleted(act, revision: written.document.revision)
        let (storage, key) = (storage, written.body.path.key)
        // The first error matters more than a second one.
        _ = try? await uncancelled { () async throws(StoreError) in
            try await storage.replace(key, written, with: next)
        }
    }

    /// Whether nothing that publishers rely on has changed since the feed was opened.
    ///
    /// Epochs are compared, never roots or states: a feed may come back to where it was.
    package func isCurrent() async throws(StoreError) -> Bool {
        try await feed.record().epoch == record.epoch
    }
}

/// Makes sure that a feed's root has everything that a former one has, before that goes: it may be the last good copy.
struct SourceComparison: Sendable {
    private let operation: MigrateOperation
    private let former: OpenFeed
    private let live: OpenFeed
    /// Whether the former root keeps all that it has, so that nothing is lost that only it has.
    private let keepsFormer: Bool
    private let counter: WorkCounter

    init(_ operation: MigrateOperation, of former: OpenFeed, with live: OpenFeed, keepsFormer: Bool) {
        self.operation = operation
        self.keepsFormer = keepsFormer
        self.former = former
        self.live = live
        counter = WorkCounter("comparing records") { operation.report(.progress($0)) }
    }

    /// Every record of the former root must be in the present one, as far as it is not an expired tombstone, with all
    /// its content, which is read and hashed.
    /// - Throws: `corrupt`, naming what is not.
    func run() async throws(StoreError) {
        let references = try await References.make()
        for try await page in former.paths(PackageQuery()) {
            let listed = await former.read(page, includesDeleted: true)
            try await concurrently(operation.options.jobs ?? 16, listed) { (listing) async throws(StoreError) in
                if let record = try await counterpart(of: listing) { try await references.add(record.allReferences) }
            }
            counter.add(items: Int64(page.count))
        }
        counter.begin("verifying the present root")
        for bucket in 0..<References.bucketCount {
            try await concurrently(operation.options.jobs ?? 16, try await references.load(bucket)) {
                (digest, references) async throws(StoreError) in
                try await verify(digest, references)
            }
        }
    }

    /// The record in the present root of what is in the former one; nil for what need not be there.
    private func counterpart(of listing: PackageListing) async throws(StoreError) -> PackageRecord? {
        let path: PackagePath
        switch listing {
        case .package(let record):
            if try await former.isExpired(record) { return nil }
            path = record.path
        // What cannot be read here must be there all the same.
        case .unreadable(let unread, _): path = unread
        }
        if let record = try await live.package(path)?.body { return record }
        let difference = "\"\(path)\" is in \(former.root.url) and not in \(live.root.url)"
        if keepsFormer {
            operation.report(.failed(path.text, StoreError(.notFound, "\(difference); the former root keeps it")))
            return nil
        }
        let flaw = StoreError(
            .corrupt,
            "\(difference); nothing was deleted; a publication that died during the migration leaves such a record: "
                + "publish the package again if it is wanted, or set the former root aside with --quarantine, which "
                + "keeps it")
        try await giveUp(path.text, flaw, whereBad: listing)
        return nil
    }

    private func verify(_ digest: Digest, _ references: [Reference]) async throws(StoreError) {
        guard let reference = references.first else { return }
        counter.add(items: 1)
        if try await isGood(digest, reference.size, in: live) {
            counter.add(bytes: reference.size)
            return
        }
        // What was deleted or replaced may be gone for good, in both.
        let isWanted = references.contains { $0.kind == .current }
        if !isWanted, try await former.content.stat(digest) == nil { return }
        let flaw = StoreError(
            .corrupt,
            "the content of \"\(reference.path)\" is not intact in \(live.root.url); nothing was deleted; \"blobtool repair "
                + "\(live.feed.name) --from \(former.root.url)\" restores a good copy if there is one")
        if try await isGood(digest, reference.size, in: former) { throw flaw }
        try giveUp(reference.path, flaw)
    }

    /// Whether content is there, and its bytes are what its name says.
    private func isGood(_ digest: Digest, _ size: Int64, in opened: OpenFeed) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            try await opened.content.read(digest, size: size) { (content) async throws(StoreError) in
                for try await _ in content.chunks {}
            }
            return true
        } catch  where error.code == .notFound || error.code == .corrupt || error.code == .failed {
            return false
        }
    }

    /// Gives a package up that is damaged in the former root too.
    private func giveUp(_ path: String, _ flaw: StoreError, whereBad listing: PackageListing) async throws(StoreError) {
        if case .package(let record) = listing, record.deleted == nil,
            try await isGood(record.digest, record.size, in: former)
        {
            throw flaw
        }
        try giveUp(path, flaw)
    }

    private func giveUp(_ path: String, _ flaw: StoreError) throws(StoreError) {
        guard operation.options.allowsDamage else {
            throw StoreError(
                flaw.code, flaw.message + "; it is damaged in the former root, too; --allow-damaged accepts its loss")
        }
        operation.report(.failed(path, flaw))
    }
}

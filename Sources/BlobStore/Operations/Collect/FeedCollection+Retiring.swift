/// Collecting where objects move atomically.
///
/// A candidate is moved to `retired/`, where readers and publishers still find it. One grace period later the records
/// are listed again, beginning after the move: a blob that is named by then goes back, any other is removed.
extension FeedCollection {
    /// The order matters: what is retired is listed first, then the gate is swapped, then the records are listed, and
    /// only then anything is freed. So the listing of the records began after each of those moves; and a publisher
    /// whose blob was moved after it looked, and whose record that listing missed, finds that the gate has changed.
    ///
    /// The gate need not be held: whoever frees something swaps it anew.
    func collectByRetiring() async throws(StoreError) {
        let settled = try await retiredLongAgo()
        let gate = FeedGate(opened)
        var held: CollectionGate?
        if options.deletes, settled?.isEmpty == false { held = try await gate.takeOver().held }
        let named = try await references()
        let garbage = try await refuseBeyondCap(named)
        if options.deletes && held == nil && garbage > 0 { held = try await gate.takeOver().held }
        try await settle(settled ?? [], named)
        try await retire(named, garbage, isPossible: settled != nil)
        if let held { _ = try await gate.swap(held, to: .idle) }
    }

    private func retire(_ named: References, _ garbage: Int64, isPossible: Bool) async throws(StoreError) {
        guard options.deletes, isPossible else { return }
        counter.begin("moving garbage aside", itemsTotal: garbage)
        try await eachUnnamed(named) { [self] (blob) async throws(StoreError) in
            try await passing(blob.key.text) { () async throws(StoreError) in try await retire(blob) }
            counter.add(items: 1)
        }
    }

    /// - Returns: nil where that cannot be looked at, so that nothing can be moved there either.
    private func retiredLongAgo() async throws(StoreError) -> [Blob]? {
        counter.begin("looking at what is retired")
        var found: [Blob] = []
        let request = ListRequest(FeedLayout.retired, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            for case .unreadable(let folder, let error) in page {
                fail(folder.text, error)
                return nil
            }
            for case .key(let key, let info) in page where !key.isRecord && found.count < Self.maximumSettled {
                guard let blob = try await blob(key, digest: FeedLayout.digest(ofSetAside: key), info: info) else {
                    continue
                }
                if blob.info.age > grace { found.append(blob) }
            }
        }
        return found
    }

    /// So many retired blobs are settled in one run; the next goes on.
    private static let maximumSettled = 100_000

    /// Moves a blob out of its place. Its age begins anew, so that it is known how long it has been retired.
    func retire(_ blob: Blob) async throws(StoreError) {
        try await opened.root.storage.checkLocation()
        guard let now = try await storage.statObject(blob.key), now.age > grace else { return }
        guard try await storage.refreshObject(blob.key, size: now.size) else { return }
        do { try await storage.moveObject(blob.key, to: FeedLayout.retired(blob.digest)) } catch
            where
            error.code == .notFound
        {
            return  // Another collector was faster.
        }
        count { $0.retired += 1 }
    }

    /// Puts back what a record names, and removes the rest.
    private func settle(_ retired: [Blob], _ named: References) async throws(StoreError) {
        counter.begin("settling what is retired", itemsTotal: Int64(retired.count))
        var named = OrderedReferences(named)
        for blob in retired {
            let isNamed = try await !named.named(blob.digest).isEmpty
            try await passing(blob.key.text) { () async throws(StoreError) in try await settle(blob, isNamed: isNamed) }
            counter.add(items: 1)
        }
    }

    private func settle(_ blob: Blob, isNamed: Bool) async throws(StoreError) {
        if !isNamed { add(blob.key.text, blob.info) }
        guard options.deletes else { return }
        try await opened.root.storage.checkLocation()
        if isNamed, try await !isBack(blob) { return }
        try await storage.removeObject(blob.key)
        if !isNamed { count { $0.addDeleted(blob.info) } }
    }

    /// Whether a blob is in its place, whole and durable, so that its retired copy is not needed any more.
    private func isBack(_ blob: Blob) async throws(StoreError) -> Bool {
        let place = FeedLayout.blob(blob.digest)
        do throws(StoreError) {
            guard try await storage.copyObject(from: storage, blob.key, to: place) == .present else {
                count { $0.restored += 1 }
                return true
            }
            return try await opened.content.isGood(place, blob.digest)
        } catch {
            switch error.code {
            case .notFound: return false  // Another collector settled it.
            // What stands there is damaged, or cannot be changed: the retired copy may be the only good one.
            case .corrupt, .permissionDenied: return false
            default: throw error
            }
        }
    }
}

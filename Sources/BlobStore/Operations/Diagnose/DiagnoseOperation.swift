internal import Synchronization

/// Looks at a server root and the roots of its feeds as somebody who cannot use them would: can they be reached, are
/// they the right ones, may this account read and write, and is the place fit for it.
///
/// Nothing is changed: what is written to see whether it can be is removed again.
public struct DiagnoseOperation: Sendable {
    /// So many feeds are looked at side by side.
    private static let feedsAtOnce = 8
    /// What is left in the server root itself, which no feed's grace period is about.
    private static let leftoverAge = Duration.seconds(86_400)

    private let url: RootURL
    private let node: NodeName
    private let rootID: String?
    private let opener: any StorageOpener
    private let report: @Sendable (Advice) -> Void

    /// How to look.
    /// - Parameters:
    ///   - node: this machine's name.
    ///   - rootID: the id that the server root must carry, where it is pinned.
    ///   - report: called for each thing that was looked at, good or not; one call at a time.
    public init(
        _ url: RootURL, node: NodeName, rootID: String?, with opener: any StorageOpener,
        report: @escaping @Sendable (Advice) -> Void
    ) {
        self.url = url
        self.node = node
        self.rootID = rootID
        self.opener = opener
        self.report = report
    }

    /// Looks at everything.
    /// - Parameter more: looks at more of the server root, where that could be opened.
    /// - Throws: `cancelled`, and what `more` throws; whatever else goes wrong is advice.
    /// - Cost: some ten requests for the server root and for each feed with a root of its own, some five for each other
    ///   feed. Memory for a page of feeds.
    public func run(_ more: (PackageStore) async throws(StoreError) -> Void) async throws(StoreError) {
        guard try await lookAtPlace() else { return }
        guard let store = try await open() else { return }
        do throws(StoreError) {
            let diagnosis = RootDiagnosis(storage: store.server.storage, report: report)
            try await diagnosis.tryWriting()
            try await diagnosis.countLeftovers(olderThan: Self.leftoverAge)
            try await lookAtFeeds(of: store)
            try await more(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// What is at the address, whether or not it is a root: that may tell why it is none.
    /// - Returns: whether it could be opened.
    private func lookAtPlace() async throws(StoreError) -> Bool {
        let storage: any Storage
        do throws(StoreError) { storage = try await opener.open(url) } catch {
            switch error.code {
            case .cancelled: throw error
            case .notFound:
                let absence = Root.Identity(.server, id: rootID).absence(at: url)
                report(Advice(.error, of: "root", absence, isCertain: false))
            default: report(Advice("root", unknown: error, "\(url)"))
            }
            return false
        }
        // On a server it tells what that promises.
        _ = try? await Root.marker(in: storage)
        let diagnosis = RootDiagnosis(storage: storage, report: report)
        let result: Result<Void, StoreError>
        do throws(StoreError) {
            let isReachable = try await diagnosis.list()
            try await diagnosis.describe(isReachable: isReachable)
            result = .success(())
        } catch { result = .failure(error) }
        await storage.close()
        try result.get()
        return true
    }

    /// - Returns: nil where it is not the root that is meant, which is told.
    private func open() async throws(StoreError) -> PackageStore? {
        do throws(StoreError) {
            let store = try await PackageStore.open(url, node: node, rootID: rootID, with: opener)
            if store.url != url {
                report(Advice(.info, of: "root", "the server root \(url) moved to \(store.url); use that from now on"))
            }
            let pin = rootID == nil ? "" : ", which is the one that is pinned"
            report(Advice(.good, of: "identity", "the marker of \(store.url) carries the id \(store.rootID)\(pin)"))
            if rootID == nil {
                report(
                    Advice(
                        .info, of: "identity",
                        "no id is pinned; write \"rootId\": \"\(store.rootID)\" into the config file, so that another root "
                            + "in its place is refused"))
            }
            return store
        } catch {
            if error.code == .cancelled { throw error }
            if error.isOfIdentity {
                report(Advice(.error, of: "identity", error.message))
            } else {
                report(Advice("identity", unknown: error, "the marker of \(url)"))
            }
            report(
                Advice(
                    .warning, of: "feeds",
                    "feeds, nodes and writing were not looked at, because the root could not be opened",
                    isCertain: false))
            return nil
        }
    }
}

// MARK: - Feeds

extension DiagnoseOperation {
    private func lookAtFeeds(of store: PackageStore) async throws(StoreError) {
        var count = 0
        do throws(StoreError) {
            for try await page in store.feeds() {
                count += page.count
                let found = Mutex<[Int: [Advice]]>([:])
                try await concurrently(Self.feedsAtOnce, page.enumerated()) { (number, name) throws(StoreError) in
                    let advice = try await look(at: name, in: store)
                    found.withLock { $0[number] = advice }
                }
                let all = found.withLock { $0 }
                for number in page.indices { for advice in all[number] ?? [] { report(advice) } }
            }
        } catch {
            if error.code == .cancelled { throw error }
            return report(Advice("feeds", unknown: error, "the catalog"))
        }
        if count == 0 {
            report(Advice(.info, of: "feeds", "there are no feeds yet; create one with \"blobtool feed create NAME\""))
        }
    }

    private func look(at name: FeedName, in store: PackageStore) async throws(StoreError) -> [Advice] {
        let found = Mutex<[Advice]>([])
        let add = { @Sendable (advice: Advice) in found.withLock { $0.append(advice.about(name)) } }
        do throws(StoreError) {
            let (owner, record) = try await store.locate(name)
            tell(of: record, add)
            try await look(at: record, in: owner, add)
        } catch {
            if error.code == .cancelled { throw error }
            if error.isOfIdentity {
                add(Advice(.error, of: "identity", error.message))
            } else {
                add(Advice("identity", unknown: error, "the root of the feed"))
            }
        }
        return found.withLock { $0 }
    }

    /// What was begun with a feed and did not end.
    private func tell(of record: FeedRecord, _ report: @Sendable (Advice) -> Void) {
        if record.state == .deleting {
            report(Advice(.warning, of: "state", record.isBeingDeleted.message))
        }
        if let migration = record.migration {
            report(
                Advice(
                    .info, of: "state",
                    "the feed is being copied to another root since \(migration.since) by \"\(migration.by)\"; if that has ended, "
                        + "run the same migrate again to finish"))
        }
        let former = record.formerRoots.filter { $0.deletion.map { !$0.isDone && !$0.isSetAside } ?? true }
        if !former.isEmpty {
            report(
                Advice(
                    .info, of: "state",
                    "\(former.count) former roots may still hold the feed's packages; once nothing needs them, "
                        + "\"blobtool migrate \(record.feed) --delete-source\" removes them"))
        }
    }

    private func look(
        at record: FeedRecord, in store: PackageStore, _ report: @escaping @Sendable (Advice) -> Void
    ) async throws(StoreError) {
        let place = store.location(record)
        let isOwn = record.root != nil
        let root = try await Root.open(
            place, Root.Identity(.feed, feed: record.feed, id: record.id), with: store.opener)
        let result: Result<Void, StoreError>
        do throws(StoreError) {
            let standing = isOwn ? "a root of its own" : "in the server root"
            report(Advice(.good, of: "identity", "\(place), \(standing), carries the id that the catalog names"))
            // Of what lies in the server root only what is not good: the place is the same.
            let diagnosis = RootDiagnosis(storage: root.storage) { advice in
                if isOwn || advice.severity != .good { report(advice) }
            }
            let isReachable = try await diagnosis.list()
            if isOwn { try await diagnosis.describe(isReachable: isReachable) }
            try await diagnosis.tryWriting()
            try await diagnosis.countLeftovers(olderThan: record.leftoverAge)
            result = .success(())
        } catch { result = .failure(error) }
        await root.storage.close()
        try result.get()
    }
}

extension StoreError {
    /// Whether it tells that a place is another root or none, rather than that it could not be looked at.
    fileprivate var isOfIdentity: Bool {
        switch code {
        case .wrongRoot, .corrupt, .unknownFormat: true
        default: false
        }
    }
}

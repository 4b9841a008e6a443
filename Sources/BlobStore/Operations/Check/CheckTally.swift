internal import Synchronization

/// Counts and reports what the check of one feed finds.
final class CheckTally: Sendable {
    let feed: FeedName?
    let counter: WorkCounter
    private let state = Mutex(CheckOperation.Summary())
    private let maximumPackages: Int
    private let report: @Sendable (CheckOperation.Event) -> Void

    /// - Parameter maximumPackages: so many are listed of those that one finding affects.
    init(
        _ feed: FeedName?, maximumPackages: Int = Finding.maximumPackages,
        _ report: @escaping @Sendable (CheckOperation.Event) -> Void
    ) {
        self.feed = feed
        self.maximumPackages = maximumPackages
        self.report = report
        counter = WorkCounter("checking") { report(.progress(feed, $0)) }
    }

    var summary: CheckOperation.Summary { state.withLock { $0 } }

    func count(
        packages: Int64 = 0, blobs: Int64 = 0, bytes: Int64 = 0, bytesRead: Int64 = 0, freshBytes: Int64 = 0,
        missingBytes: Int64 = 0
    ) {
        state.withLock { summary in
            summary.packages += packages
            summary.blobs += blobs
            summary.bytes.add(stated: bytes)
            summary.bytesRead += bytesRead
            summary.freshBytes.add(stated: freshBytes)
            summary.missingBytes.add(stated: missingBytes)
        }
    }

    func add(
        _ kind: Finding.Kind, _ severity: Finding.Severity? = nil, key: String, packages: [String] = [],
        _ message: String
    ) {
        let listed = Array(packages.prefix(maximumPackages))
        let finding = Finding(
            kind, severity, feed: feed, key: key, packages: listed, packageCount: packages.count, message)
        state.withLock { summary in
            switch finding.severity {
            case .error: summary.errors += 1
            case .warning: summary.warnings += 1
            case .info: summary.infos += 1
            }
        }
        report(.finding(finding))
    }

    /// - Parameter packages: those that need what could not be looked at.
    func incomplete(_ error: StoreError, packages: [String] = []) {
        state.withLock { $0.complete = false }
        report(.incomplete(feed, error, packages: Array(packages.prefix(maximumPackages))))
    }

    /// Reports what stands in a folder beside the names that belong there.
    func expect(
        _ known: Set<String>, in folder: KeyPrefix, of storage: any Storage, else flaw: String
    ) async throws(StoreError) {
        let request = ListRequest(folder, isFlat: true, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            for entry in page {
                switch entry {
                // What belongs here is gone into, and then told; of what does not it does not matter.
                case .unreadable where folder != .root: break
                case .unreadable(let unread, _) where unread != folder: break
                case .foreign, .access, .unreadable: add(oddity: entry)
                case .key, .folder:
                    if known.contains(entry.text) { continue }
                    add(.unexpectedObject, key: entry.text, "\(entry.text) is \(flaw); move it away")
                }
            }
        }
    }

    /// What stands where only other things belong; a name that is a valid key may be litter all the same.
    func add(unexpected key: Key, _ flaw: String) {
        if !key.isRecord && Litter.isName(key.name) { return add(oddity: .foreign(key.text, .litter)) }
        add(.unexpectedObject, key: key.text, "\(key) \(flaw); move it away")
    }

    /// What a listing shows beside keys.
    func add(oddity entry: ListEntry) {
        switch entry {
        case .key, .folder: break
        case .foreign(let name, .litter) where name.hasSuffix(".json~"):
            add(
                .unexpectedObject, key: name,
                "\(name) is an editor's copy, and stands where the store keeps changes of that record; move it away: until "
                    + "then the record can be read, but not be changed")
        case .foreign(let name, .litter):
            add(
                .unexpectedObject, .info, key: name,
                "\(name) was left by a desktop, an editor, a NAS or the filesystem, and is harmless")
        case .foreign(let name, .folder):
            add(
                .unexpectedObject, key: name,
                "\(name) is a folder that the store did not create, and its contents are not checked; move it away")
        case .unreadable(_, let error): incomplete(error)
        case .foreign(let name, .name):
            add(.unexpectedObject, key: name, "\(name) was not written by the store; move it away")
        case .foreign(let name, .notAFile):
            // A link may lead to a feed or to all packages of one: nobody is told to remove it.
            add(
                .unexpectedObject, key: name,
                "\(name) is a symbolic link, device, pipe or socket, and the store does not follow it; move it away, and "
                    + "keep what it leads to until you know that nothing there is needed; to keep a feed's content "
                    + "elsewhere, give the feed a root of its own with --feed-root")
        case .foreign(let name, .otherFilesystem):
            add(.unexpectedObject, key: name, "another filesystem is mounted at \(name); unmount it")
        case .access(let name, let problem):
            add(.permissions, key: name, problem)
        }
    }
}

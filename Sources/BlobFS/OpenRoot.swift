internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// A root that is open: its directory, and what its files are worked with. Everything here blocks, and runs on the
/// root's own threads.
final class OpenRoot: Sendable {
    static let maximumReopenings = 3

    let directory: RootDirectory
    let folders: Folders
    let flusher: Flusher
    let staging: Staging
    let clock: StorageClock
    /// Nil until they are measured.
    let measured = Mutex<MeasuredCapabilities?>(nil)
    /// Held while a name is looked at and then taken, where no call does both.
    let naming = Monitor<Void>(())

    init(
        _ path: RootPath, calls: any SystemCalls, lanes: BlockingLanes, failures: FlushFailures
    ) throws(StoreError) {
        directory = try RootDirectory(path, calls: calls, lanes: lanes)
        flusher = Flusher(directory, failures)
        folders = Folders(directory, flusher: flusher)
        clock = StorageClock(calls: directory.calls)
        staging = Staging(folders: folders, flusher: flusher, clock: clock)
    }

    var calls: any SystemCalls { directory.calls }

    /// Runs `body`, and again through a freshly opened directory when a server has forgotten what it had given out.
    ///
    /// `body` finds its way from the root each time, and may be run more than once.
    func steadily<Value>(_ body: (OpenRoot) throws(StoreError) -> Value) throws(StoreError) -> Value {
        for _ in 0..<Self.maximumReopenings {
            let used = directory.open
            do { return try body(self) } catch {
                guard error.isStale else { throw error }
                try directory.reopen(insteadOf: used)
            }
        }
        return try body(self)
    }

    /// Opens an object, which is how its existence is decided: a name that another node has removed still answers
    /// stat(2) for seconds on NFS. Nil when there is none.
    func open(_ key: Key) throws(StoreError) -> (file: OpenFile, status: FileStatus)? {
        try folders.existing(key.folder)?.openStored(String(key.name))
    }

    /// Size and age as a listing or a stat tells them. Asking writes nothing.
    func info(_ status: FileStatus) -> ObjectInfo {
        ObjectInfo(size: status.sizeBytes, age: status.age(at: clock.now))
    }

    /// Reads the filesystem's clock off a file of its own, unless that was done lately. Where nothing can be written
    /// this machine's has to do.
    func readClock() throws(StoreError) {
        if clock.isFresh { return }
        do throws(StoreError) { _ = try staging.create() } catch {
            guard error.code == .readOnly || error.code == .permissionDenied || error.code == .outOfSpace else {
                throw error
            }
        }
    }
}

// MARK: - What the filesystem can do

/// The capabilities that a filesystem was measured to have.
struct MeasuredCapabilities: Sendable, Equatable {
    /// `link` works, so that a name is taken by exactly one of many writers.
    var links: Bool
    /// Files can be created here.
    var writes: Bool
}

extension OpenRoot {
    /// Measures with files of its own in `staging/`, once, before it matters: who only reads writes nothing.
    func measure() throws(StoreError) -> MeasuredCapabilities {
        if let known = measured.withLock({ $0 }) { return known }
        let found = try tryOut()
        measured.withLock { $0 = found }
        return found
    }

    /// Whether links are known not to work here. They are tried for their own sake first, and measured once one fails.
    var lacksLinks: Bool { measured.withLock { $0 }?.links == false }

    private func tryOut() throws(StoreError) -> MeasuredCapabilities {
        let staged: StagedFile
        do { staged = try staging.create() } catch {
            guard error.code == .readOnly || error.code == .permissionDenied else { throw error }
            return MeasuredCapabilities(links: true, writes: false)
        }
        staged.letGo()
        let second = staged.name + ".link"
        do {
            try calls.link(staged.name, in: staged.folder.raw, to: second, in: staged.folder.raw)
        } catch {
            if error.meansNoLinks { return MeasuredCapabilities(links: false, writes: true) }
            throw StoreError(error, call: "linkat", "a link in staging/")
        }
        try staged.folder.unlink(second)
        return MeasuredCapabilities(links: true, writes: true)
    }

    /// What can be promised, as far as it is known without writing anything.
    func capabilities() -> Capabilities {
        let found = measured.withLock { $0 }
        var advice: [String] = []
        if found?.links == false {
            advice.append(
                "this mount has no hard links; let only one process at a time write to it, or use another filesystem")
        }
        if found?.writes == false {
            advice.append("this account cannot write here, so ages come from this machine's clock")
        }
        if directory.modes.folder & 0o020 == 0 {
            advice.append(
                "only the owner may write here; to admit nodes under other accounts, give the root directory a "
                    + "common group and run chmod g+ws on it")
        }
        return Capabilities(
            sharedWriters: found?.links ?? true, atomicMove: found?.links ?? true,
            copyWithoutBytes: found?.links ?? true, advice: advice)
    }
}

extension Errno {
    /// Whether `link` answers so where the filesystem has no hard links.
    var meansNoLinks: Bool {
        switch self {
        case .notPermitted, .notSupported, .noSuchCall, .tooManyLinks: true
        default: false
        }
    }
}

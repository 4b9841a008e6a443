internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// The folder `staging/` of a root, where files are written before they get their names.
final class Staging: Sendable {
    static let name = "staging"
    static let folder = KeyPrefix(trusted: name + "/")

    private let folders: Folders
    fileprivate let flusher: Flusher
    private let clock: StorageClock
    private let open = Mutex<OpenFile?>(nil)

    init(folders: Folders, flusher: Flusher, clock: StorageClock) {
        self.folders = folders
        self.flusher = flusher
        self.clock = clock
    }

    /// Whether there is one already, or has been since the root was opened.
    func exists() throws(StoreError) -> Bool {
        if open.withLock({ $0 != nil }) { return true }
        return try folders.existing(Self.folder) != nil
    }

    /// A new file under a name that nobody else has, with the root's mode and group.
    /// - Throws: of the whole root, when this account may not write here: the file's name would tell nobody anything.
    func create() throws(StoreError) -> StagedFile {
        do { return try createFile() } catch {
            throw error.errno == .accessDenied || error.errno == .notPermitted ? error.under(.wholeRoot) : error
        }
    }

    private func createFile() throws(StoreError) -> StagedFile {
        for _ in 0..<3 {
            let folder = try folder()
            let name = uniqueName()
            let mark = flusher.markOfFile()
            let file: OpenFile
            do { file = try folder.create(name, mode: folders.directory.modes.file) } catch {
                forget(folder)
                // Somebody has cleaned the whole folder away; or an answer was lost, and the name is this call's own.
                if error.code == .notFound || error.code == .alreadyExists { continue }
                throw error
            }
            let staged = StagedFile(file, name, in: folder, of: self, mark)
            let status = try file.status()
            staged.isKnown(as: status.identity)
            clock.set(by: status)
            try folders.directory.modes.adopt(file, status)
            return staged
        }
        throw StoreError(.unavailable, "the folder staging/ keeps vanishing; does something else clean up here?")
    }

    private func folder() throws(StoreError) -> OpenFile {
        if let folder = open.withLock({ $0 }) { return folder }
        let folder = try folders.ensuredUnflushed(Self.folder)
        open.withLock { $0 = folder }
        return folder
    }

    /// Closes the folder, so that it can be removed.
    func letGo() { open.withLock { $0 = nil } }

    private func forget(_ folder: OpenFile) {
        open.withLock { if $0 === folder { $0 = nil } }
    }
}

/// A file on its way in. Its staging name goes with it; what it was published as stays.
final class StagedFile: Sendable {
    let folder: OpenFile
    let staging: Staging
    /// Of before it was written.
    private let mark: FlushFailures.Mark
    private let held: Mutex<OpenFile?>
    private let naming: Mutex<(name: String, isSpent: Bool)>
    private let knownIdentity = Mutex(FileStatus.Identity(device: 0, inode: 0))

    fileprivate init(
        _ file: OpenFile, _ name: String, in folder: OpenFile, of staging: Staging, _ mark: FlushFailures.Mark
    ) {
        self.staging = staging
        self.mark = mark
        held = Mutex(file)
        naming = Mutex((name, false))
        self.folder = folder
    }

    deinit {
        guard let name = takeName() else { return }
        let folder = folder
        // On one thread, and so in this order: closed first.
        let file = Monitor(held.withLock { $0.take() })
        folder.lanes.aside {
            file.withLock { $0 = nil }
            _ = try? folder.unlink(name)
        }
    }

    fileprivate func isKnown(as identity: FileStatus.Identity) { knownIdentity.withLock { $0 = identity } }

    /// The file by its staging name.
    var named: NamedFile { NamedFile(name: name, folder: folder, identity: knownIdentity.withLock { $0 }) }

    /// Its name in `staging/`, or the last it had there.
    var name: String { naming.withLock { $0.name } }

    /// Whether the staging name is gone.
    var isSpent: Bool { naming.withLock { $0.isSpent } }

    /// The open file; nil after it was let go.
    var file: OpenFile? { held.withLock { $0 } }

    /// Writes, unless the file was let go: then all of it is written.
    func write(_ bytes: [UInt8], at offset: Int64) throws(StoreError) { try file?.write(bytes, at: offset) }

    /// Makes what was written durable, unless the file was let go: then it is.
    func flush() throws(StoreError) {
        if let file { try staging.flusher.flush(file: file, since: mark) }
    }

    /// The same for many, by as few flushes as that takes.
    /// - Returns: one result for each, in the same order.
    static func flush(_ staged: [StagedFile], by flusher: Flusher) -> [Result<Void, StoreError>] {
        let open = staged.map(\.file)
        let files = zip(staged, open).compactMap { staged, file in file.map { (file: $0, mark: staged.mark) } }
        var flushes = flusher.flush(files: files).makeIterator()
        return open.map { $0 == nil ? .success(()) : flushes.next() ?? .success(()) }
    }

    /// Closes the file and keeps its name: on SMB a second name cannot always be opened while the first is open.
    func letGo() { held.withLock { $0 = nil } }

    /// Takes another staging name in place of the one that it was written under, which an SMB client may hold open for
    /// a while after the file was closed. Where that fails it keeps the one it has.
    func takeFreshName() {
        let (old, fresh) = (name, uniqueName())
        guard (try? folder.calls.link(old, in: folder.raw, to: fresh, in: folder.raw)) != nil else { return }
        naming.withLock { $0.name = fresh }
        _ = try? folder.unlink(old)
    }

    /// Takes the staging name away, from a file that is closed first: unlinked while it is open it would stay behind on
    /// NFS as `.nfs…`, and keep others from opening its new name on SMB.
    func removeName() throws(StoreError) {
        letGo()
        if let last = takeName() { try folder.unlink(last) }
    }

    /// The name, if it is for the caller to take it away.
    private func takeName() -> String? {
        naming.withLock { naming in
            defer { naming.isSpent = true }
            return naming.isSpent ? nil : naming.name
        }
    }
}

// MARK: - The clock that staged files are stamped by

/// The time by the filesystem's own clock, which on a share is the server's.
///
/// It is read off each file of one's own that is written, and carried on by this machine's monotonic clock; so neither
/// a wrong nor a stepping wall clock changes an age by more than that measurement did. Who only reads writes nothing
/// for it, and goes by this machine's clock.
final class StorageClock: Sendable {
    private static let validity: Duration = .seconds(60)

    private struct Reading {
        /// What the filesystem's clock showed when this machine had been up for no time.
        var atBoot: FileTime
        var taken: Duration
    }

    private let calls: any SystemCalls
    private let reading = Mutex<Reading?>(nil)

    init(calls: any SystemCalls) { self.calls = calls }

    /// Takes a reading: `status` is that of a file which was created just now.
    func set(by status: FileStatus) {
        guard status.hasCredibleTime else { return }
        let up = calls.timeSinceBoot
        reading.withLock { $0 = Reading(atBoot: status.modified.moved(by: .zero - up), taken: up) }
    }

    /// The time, by the last reading, or by this machine's clock where there was none.
    var now: FileTime {
        let up = calls.timeSinceBoot
        return reading.withLock { $0?.atBoot.moved(by: up) } ?? calls.wallTime
    }

    /// Whether a reading was taken within the last minute.
    var isFresh: Bool {
        let up = calls.timeSinceBoot
        return reading.withLock { reading in reading.map { up - $0.taken < Self.validity } ?? false }
    }
}

extension FileStatus {
    /// 2000-01-01: no file of a store is older than that.
    private static let earliestSeconds: Int64 = 946_684_800

    /// Whether its times can be what they say.
    ///
    /// Between the two requests with which an NFSv3 client creates a file, its times are the client's verifier: any
    /// number as its modification time, and a process id, which is a day of 1970, as its access time.
    var hasCredibleTime: Bool {
        modified.seconds >= Self.earliestSeconds && accessed.map { $0.seconds >= Self.earliestSeconds } ?? true
    }

    /// The time since it was written. An age that cannot be, such as one from the future, is now.
    func age(at now: FileTime) -> Duration {
        hasCredibleTime ? max(.zero, now.since(modified)) : .zero
    }
}

extension FileTime {
    func moved(by time: Duration) -> FileTime {
        let (seconds, attoseconds) = time.components
        let nanoseconds = self.nanoseconds + attoseconds / 1_000_000_000
        let carry = (nanoseconds >= 1_000_000_000 ? 1 : 0) - (nanoseconds < 0 ? 1 : 0)
        // A filesystem may tell any number; what is no time either way need not be told apart.
        return FileTime(
            seconds: self.seconds &+ seconds &+ Int64(carry),
            nanoseconds: nanoseconds - Int64(carry) * 1_000_000_000)
    }
}

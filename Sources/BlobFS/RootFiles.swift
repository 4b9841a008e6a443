internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// What a root's files are worked with. Everything here blocks, and runs on the root's own threads.
final class RootFiles: Sendable {
    let root: FileRoot
    let folders: Folders
    let flusher: Flusher
    let staging: Staging
    let clock: StorageClock
    let abilities = Mutex<Abilities?>(nil)
    /// Held while a name is looked at and then taken, where no call does both.
    let publishing = Monitor<Void>(())

    init(path: String, calls: any SystemCalls) throws(StoreError) {
        root = try FileRoot(path: path, calls: calls)
        flusher = Flusher(root: root)
        folders = Folders(root: root, flusher: flusher)
        staging = Staging(folders: folders)
        clock = StorageClock(calls: calls)
    }

    var calls: any SystemCalls { root.calls }

    /// Size and age as a listing or a stat tells them.
    func info(_ status: FileStatus) throws(StoreError) -> ObjectInfo {
        ObjectInfo(size: status.sizeBytes, age: max(.zero, try now().since(status.modified)))
    }

    private func now() throws(StoreError) -> FileTime {
        if let now = clock.now { return now }
        try readClock()
        return clock.now ?? calls.wallTime
    }

    /// Reads the clock off a file of its own, if there is a place for it and it can be written.
    private func readClock() throws(StoreError) {
        guard try staging.exists() else { return clock.setByThisMachine() }
        do throws(StoreError) {
            let staged = try staging.create()
            if let status = try staged.file?.status() { clock.set(by: status) }
        } catch {
            guard error.code == .readOnly || error.code == .permissionDenied || error.code == .outOfSpace else {
                throw error
            }
            clock.setByThisMachine()
        }
    }
}

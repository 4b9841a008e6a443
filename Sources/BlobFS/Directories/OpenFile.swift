internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// A file or folder that is open, shared by those who work with it. It is closed where its work ends, or at the latest
/// with the last of those who share it, on a thread of the root's own: a `close` may wait for a server.
final class OpenFile: Sendable {
    let raw: Int32
    let calls: any SystemCalls
    let lanes: BlockingLanes
    /// How a person would name it.
    let subject: String
    private let known = Mutex<FileStatus.Identity?>(nil)
    private let isOpen = Atomic(true)

    /// Takes over a descriptor that `calls` opened.
    init(_ raw: Int32, of calls: any SystemCalls, _ lanes: BlockingLanes, _ subject: String) {
        self.raw = raw
        self.calls = calls
        self.lanes = lanes
        self.subject = subject
    }

    deinit {
        guard isOpen.load(ordering: .relaxed) else { return }
        let (raw, calls) = (raw, calls)
        lanes.aside { try? calls.close(raw) }
    }

    /// Closes it now, on a thread that may block; nobody may use it after that.
    func close() {
        if isOpen.exchange(false, ordering: .relaxed) { try? calls.close(raw) }
    }

    func status() throws(StoreError) -> FileStatus {
        do { return try look() } catch { throw StoreError(error, call: "fstat", subject) }
    }

    /// Which file it is; asked for once.
    func identity() throws(Errno) -> FileStatus.Identity {
        if let identity = known.withLock({ $0 }) { return identity }
        return try look().identity
    }

    private func look() throws(Errno) -> FileStatus {
        let status = try calls.status(of: raw)
        known.withLock { $0 = status.identity }
        return status
    }

    /// Reads as much as there is, up to `count` bytes; short only at the end of the file.
    func read(at offset: Int64, count: Int) throws(StoreError) -> [UInt8] {
        do { return try calls.readFully(raw, count, at: offset) } catch {
            throw StoreError(error, call: "pread", subject)
        }
    }

    /// Reads so many bytes, which were there when the file was opened.
    /// - Throws: `corrupt` when they no longer are.
    func readAll(at offset: Int64, count: Int) throws(StoreError) -> [UInt8] {
        let bytes = try read(at: offset, count: count)
        if bytes.count == count { return bytes }
        throw StoreError(
            .corrupt, "\(subject) ended after \(offset + Int64(bytes.count)) bytes; it was cut off meanwhile")
    }

    /// Writes all bytes, however many calls that takes.
    func write(_ bytes: [UInt8], at offset: Int64) throws(StoreError) {
        do { try calls.writeFully(raw, bytes, at: offset) } catch {
            throw StoreError(error, call: "pwrite", subject)
        }
    }
}

/// Names in an open folder. Each is a single segment.
extension OpenFile {
    /// Opens a name; nil when it is absent.
    ///
    /// This folder was just opened itself, so that what another machine has done in it shows.
    func open(_ name: String, _ flags: OpenFlags) throws(StoreError) -> OpenFile? {
        let subject = naming(name)
        do {
            return OpenFile(try calls.open(name, beneath: raw, flags, mode: 0), of: calls, lanes, subject)
        } catch {
            if error == .notFound { return nil }
            throw StoreError(error, call: "openat2", subject)
        }
    }

    /// Opens a file that is stored here, with its status; nil when it is absent.
    /// - Throws: `corrupt` when something that is no file has its name.
    func openStored(_ name: String) throws(StoreError) -> (file: OpenFile, status: FileStatus)? {
        // A pipe would hold up the open itself.
        guard let file = try open(name, [.readOnly, .nonBlocking, .noFollow]) else { return nil }
        let status = try file.status()
        guard status.kind == .file else {
            throw StoreError(.corrupt, "\(file.subject): something that is not a file is in its place; move it away")
        }
        guard status.sizeBytes >= 0 else {
            throw StoreError(.corrupt, "\(file.subject): the filesystem reports \(status.sizeBytes) bytes")
        }
        return (file, status)
    }

    /// What a stored file is, by opening it; nil when it is absent. The file is closed again, so that its name can go
    /// or change: an open one would leave a `.nfs…` behind, and stand in the way of its other names on SMB.
    func stored(_ name: String) throws(StoreError) -> FileStatus? { try openStored(name)?.status }

    /// Creates a file that must not exist.
    func create(_ name: String, mode: UInt32) throws(StoreError) -> OpenFile {
        let subject = naming(name)
        do {
            let raw = try calls.open(name, beneath: raw, [.readWrite, .create, .exclusive], mode: mode)
            return OpenFile(raw, of: calls, lanes, subject)
        } catch {
            throw StoreError(error, call: "openat2", subject)
        }
    }

    /// - Returns: false when it was gone already, which may be one's own doing, replayed.
    @discardableResult
    func unlink(_ name: String) throws(StoreError) -> Bool {
        do {
            try calls.unlink(name, in: raw)
            return true
        } catch {
            if error == .notFound { return false }
            throw StoreError(error, call: "unlinkat", naming(name))
        }
    }

    /// All names, as `visit` sees them; it may not keep them.
    /// - Parameter bufferSizeBytes: the bytes of one call, a folder of which many names fit into one.
    /// - Returns: how many calls returned names: with one, the listing was a single moment.
    @discardableResult
    func names(
        bufferSizeBytes: Int = 1 << 16, _ visit: (DirectoryEntries.Entry) -> Void
    ) throws(StoreError) -> Int {
        do { return try calls.readNames(of: raw, bufferSizeBytes: bufferSizeBytes, visit) } catch {
            throw StoreError(error, call: "getdents64", subject)
        }
    }

    private func naming(_ name: String) -> String {
        subject == RootDirectory.subject ? name : subject + "/" + name
    }
}

internal import BlobStore
internal import BlobSystem

/// Names in an open folder. Each is a single segment.
extension OpenFile {
    /// Opens a name; nil when it is absent.
    ///
    /// This folder was just opened itself, so that what another machine has done in it shows.
    func open(_ name: String, _ flags: OpenFlags) throws(StoreError) -> OpenFile? {
        let subject = naming(name)
        do {
            return OpenFile(Descriptor(try calls.open(name, beneath: raw, flags, mode: 0), of: calls), subject)
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
            throw StoreError(.corrupt, "\(file.subject): something that is no file stands there: move it away")
        }
        return (file, status)
    }

    /// Creates a file that must not exist.
    func create(_ name: String, mode: UInt32) throws(StoreError) -> OpenFile {
        let subject = naming(name)
        do {
            let raw = try calls.open(name, beneath: raw, [.readWrite, .create, .exclusive], mode: mode)
            return OpenFile(Descriptor(raw, of: calls), subject)
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
    /// - Parameter buffer: the bytes of one call, a folder of which many names fit into one.
    /// - Returns: how many calls returned names: with one, the listing was a single moment.
    @discardableResult
    func names(
        bufferSizeBytes: Int = 1 << 16, _ visit: (DirectoryEntries.Entry) -> Void
    ) throws(StoreError) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSizeBytes, alignment: 8)
        defer { buffer.deallocate() }
        var rounds = 0
        while true {
            let filled: Int
            do { filled = try calls.readDirectory(raw, into: buffer) } catch {
                throw StoreError(error, call: "getdents64", subject)
            }
            if filled == 0 { return rounds }
            rounds += 1
            for entry in DirectoryEntries(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) { visit(entry) }
        }
    }

    private func naming(_ name: String) -> String {
        subject == FileRoot.subject ? name : subject + "/" + name
    }
}

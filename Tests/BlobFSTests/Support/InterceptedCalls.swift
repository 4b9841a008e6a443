import BlobSystem

/// The kernel's calls, with a say before and after each: to fail it, to hold it up, or to lose its answer.
struct InterceptedCalls: SystemCalls {
    /// One call that is about to be made.
    struct Call: Sendable {
        /// The system call's name.
        let name: String
        /// What it is made on, as far as it has a name.
        let subject: String
    }

    let base: any SystemCalls
    /// Fails the call, which is then not made.
    var before: @Sendable (Call) throws(Errno) -> Void = { (_) throws(Errno) in }
    /// Fails the call, which was made: a lost answer.
    var after: @Sendable (Call) throws(Errno) -> Void = { (_) throws(Errno) in }
    /// Done when the call is over, whatever came of it.
    var always: @Sendable () -> Void = {}
    /// Told before a descriptor is closed.
    var onClose: @Sendable () -> Void = {}
    /// How much further this machine's clock is than it says.
    var ahead: @Sendable () -> Duration = { .zero }
    /// Whom the kernel is to take this process for; nil for whom it is.
    var user: UInt32?
    /// How many bytes a read or write may move.
    var maximumBytes = Int.max
    var filesystem: UInt64?

    init(_ base: any SystemCalls = LinuxCalls()) { self.base = base }

    private func made<Value>(
        _ name: String, _ subject: String, _ call: () throws(Errno) -> Value
    ) throws(Errno) -> Value {
        let description = Call(name: name, subject: subject)
        defer { always() }
        try before(description)
        let value = try call()
        try after(description)
        return value
    }

    var effectiveUser: UInt32 { user ?? base.effectiveUser }
    var wallTime: FileTime { base.wallTime }
    var timeSinceBoot: Duration { base.timeSinceBoot + ahead() }
    func pause(microseconds: UInt32) { base.pause(microseconds: microseconds) }

    func close(_ descriptor: Int32) throws(Errno) {
        onClose()
        try base.close(descriptor)
    }

    func filesystemType(of descriptor: Int32) throws(Errno) -> UInt64 {
        if let filesystem { return filesystem }
        return try base.filesystemType(of: descriptor)
    }

    func space(of descriptor: Int32) throws(Errno) -> FilesystemSpace { try base.space(of: descriptor) }

    func open(path: String, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try made("open", path) { () throws(Errno) in
            try base.open(path: path, flags, mode: mode)
        }
    }

    func open(_ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try made("open", path) { () throws(Errno) in
            try base.open(path, beneath: directory, flags, mode: mode)
        }
    }

    func status(of descriptor: Int32) throws(Errno) -> FileStatus {
        try made("stat", "") { () throws(Errno) in
            try base.status(of: descriptor)
        }
    }

    func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus {
        try made("stat", name) { () throws(Errno) in
            try base.status(of: name, in: directory)
        }
    }

    func status(ofPath path: String, followingLinks: Bool) throws(Errno) -> FileStatus {
        try made("stat", path) { () throws(Errno) in
            try base.status(ofPath: path, followingLinks: followingLinks)
        }
    }

    func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try made("read", "") { () throws(Errno) in
            try base.read(
                descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(maximumBytes)), at: offset)
        }
    }

    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try made("read", "") { () throws(Errno) in
            try base.read(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(maximumBytes)))
        }
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try made("write", "") { () throws(Errno) in
            try base.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(maximumBytes)), at: offset)
        }
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try made("write", "") { () throws(Errno) in
            try base.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(maximumBytes)))
        }
    }

    func readDirectory(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try made("getdents64", "") { () throws(Errno) in
            try base.readDirectory(descriptor, into: buffer)
        }
    }

    func makeDirectory(_ name: String, in directory: Int32, mode: UInt32) throws(Errno) {
        try made("mkdirat", name) { () throws(Errno) in
            try base.makeDirectory(name, in: directory, mode: mode)
        }
    }

    func link(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try made("linkat", newName) { () throws(Errno) in
            try base.link(name, in: directory, to: newName, in: newDirectory)
        }
    }

    func rename(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try made("renameat", newName) { () throws(Errno) in
            try base.rename(name, in: directory, to: newName, in: newDirectory)
        }
    }

    func unlink(_ name: String, in directory: Int32) throws(Errno) {
        try made("unlinkat", name) { () throws(Errno) in
            try base.unlink(name, in: directory)
        }
    }

    func removeDirectory(_ name: String, in directory: Int32) throws(Errno) {
        try made("rmdir", name) { () throws(Errno) in
            try base.removeDirectory(name, in: directory)
        }
    }

    func sync(_ descriptor: Int32) throws(Errno) {
        try made("fsync", "") { () throws(Errno) in
            try base.sync(descriptor)
        }
    }

    func syncFilesystem(of descriptor: Int32) throws(Errno) {
        try made("syncfs", "") { () throws(Errno) in
            try base.syncFilesystem(of: descriptor)
        }
    }

    func startWriteBack(_ descriptor: Int32, offset: Int64, count: Int64) throws(Errno) {
        try made("sync_file_range", "") { () throws(Errno) in
            try base.startWriteBack(descriptor, offset: offset, count: count)
        }
    }

    func awaitWriteBack(_ descriptor: Int32) throws(Errno) {
        try made("sync_file_wait", "") { () throws(Errno) in
            try base.awaitWriteBack(descriptor)
        }
    }

    func setTimes(_ descriptor: Int32, to moment: FileTime?) throws(Errno) {
        try made("utimens", "") { () throws(Errno) in
            try base.setTimes(descriptor, to: moment)
        }
    }

    func setTimes(_ name: String, in directory: Int32, to moment: FileTime?) throws(Errno) {
        try made("utimens", name) { () throws(Errno) in
            try base.setTimes(name, in: directory, to: moment)
        }
    }

    func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(Errno) {
        try made("fchmod", "") { () throws(Errno) in
            try base.setPermissions(descriptor, to: permissions)
        }
    }

    func setOwner(_ descriptor: Int32, to owner: UInt32?, group: UInt32?) throws(Errno) {
        try made("fchown", "") { () throws(Errno) in
            try base.setOwner(descriptor, to: owner, group: group)
        }
    }

    func clone(_ source: Int32, into destination: Int32) throws(Errno) {
        try made("ficlone", "") { () throws(Errno) in
            try base.clone(source, into: destination)
        }
    }
}

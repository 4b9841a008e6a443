/// Repeats a call that a signal interrupted, a bounded number of times; everything else goes through as it is.
///
/// `close` is never repeated: on Linux the descriptor is gone after EINTR too, and its number may be another's.
package struct UninterruptedCalls: SystemCalls {
    private static let maximumAttempts = 100
    private let calls: any SystemCalls

    package init(_ calls: any SystemCalls) { self.calls = calls }

    @inline(__always)
    private func uninterrupted<Value>(_ call: () throws(Errno) -> Value) throws(Errno) -> Value {
        for _ in 1..<Self.maximumAttempts {
            do { return try call() } catch { if error != .interrupted { throw error } }
        }
        return try call()
    }

    package func close(_ descriptor: Int32) throws(Errno) {
        do { try calls.close(descriptor) } catch { if error != .interrupted { throw error } }
    }
    package var effectiveUser: UInt32 { calls.effectiveUser }
    package var wallTime: FileTime { calls.wallTime }
    package var timeSinceBoot: Duration { calls.timeSinceBoot }
    package func pause(microseconds: UInt32) { calls.pause(microseconds: microseconds) }

    package func open(path: String, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try uninterrupted { () throws(Errno) in try calls.open(path: path, flags, mode: mode) }
    }

    package func open(
        _ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32
    ) throws(Errno) -> Int32 {
        try uninterrupted { () throws(Errno) in try calls.open(path, beneath: directory, flags, mode: mode) }
    }

    package func status(of descriptor: Int32) throws(Errno) -> FileStatus {
        try uninterrupted { () throws(Errno) in try calls.status(of: descriptor) }
    }

    package func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus {
        try uninterrupted { () throws(Errno) in try calls.status(of: name, in: directory) }
    }

    package func status(ofPath path: String, followingLinks: Bool) throws(Errno) -> FileStatus {
        try uninterrupted { () throws(Errno) in try calls.status(ofPath: path, followingLinks: followingLinks) }
    }

    package func filesystemType(of descriptor: Int32) throws(Errno) -> UInt64 {
        try uninterrupted { () throws(Errno) in try calls.filesystemType(of: descriptor) }
    }

    package func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.read(descriptor, into: buffer, at: offset) }
    }

    package func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.read(descriptor, into: buffer) }
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.write(descriptor, bytes, at: offset) }
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.write(descriptor, bytes) }
    }

    package func readDirectory(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try uninterrupted { () throws(Errno) in try calls.readDirectory(descriptor, into: buffer) }
    }

    package func makeDirectory(_ name: String, in directory: Int32, mode: UInt32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.makeDirectory(name, in: directory, mode: mode) }
    }

    package func link(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.link(name, in: directory, to: newName, in: newDirectory) }
    }

    package func rename(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.rename(name, in: directory, to: newName, in: newDirectory) }
    }

    package func unlink(_ name: String, in directory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.unlink(name, in: directory) }
    }

    package func removeDirectory(_ name: String, in directory: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.removeDirectory(name, in: directory) }
    }

    package func sync(_ descriptor: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.sync(descriptor) }
    }

    package func syncFilesystem(of descriptor: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.syncFilesystem(of: descriptor) }
    }

    package func startWriteBack(_ descriptor: Int32, offset: Int64, count: Int64) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.startWriteBack(descriptor, offset: offset, count: count) }
    }

    package func awaitWriteBack(_ descriptor: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.awaitWriteBack(descriptor) }
    }

    package func setTimes(_ descriptor: Int32, to moment: FileTime?) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setTimes(descriptor, to: moment) }
    }

    package func setTimes(_ name: String, in directory: Int32, to moment: FileTime?) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setTimes(name, in: directory, to: moment) }
    }

    package func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setPermissions(descriptor, to: permissions) }
    }

    package func setOwner(_ descriptor: Int32, to owner: UInt32?, group: UInt32?) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.setOwner(descriptor, to: owner, group: group) }
    }

    package func clone(_ source: Int32, into destination: Int32) throws(Errno) {
        try uninterrupted { () throws(Errno) in try calls.clone(source, into: destination) }
    }
}

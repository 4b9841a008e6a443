internal import BlobSystem

/// A file of this machine that is open for reading, to be published or imported.
///
/// It is a regular file: directories, pipes, devices and, unless asked for, symbolic links are refused. A file that
/// changes while it is read is found out at its end.
public final class LocalFile: Sendable {
    public let path: String
    /// In bytes, as it was opened.
    public let size: Int64
    private let descriptor: Descriptor
    private let status: FileStatus

    private init(_ path: String, _ descriptor: consuming Descriptor, _ status: FileStatus) {
        self.path = path
        self.descriptor = descriptor
        self.status = status
        size = status.sizeBytes
    }

    /// Opens a file.
    /// - Throws: `notFound`; `permissionDenied`; `sourceFailed` for what is no regular file.
    public static func open(_ path: String, followingLinks: Bool = false) async throws(StoreError) -> LocalFile {
        try await LocalThreads.run { () throws(StoreError) in
            let calls = LocalThreads.calls
            let flags: OpenFlags = followingLinks ? .nonBlocking : [.nonBlocking, .noFollow]
            do throws(Errno) {
                let descriptor = try calls.opened(path: path, flags)
                let status = try calls.status(of: descriptor.raw)
                if status.kind == .file { return LocalFile(path, descriptor, status) }
            } catch {
                throw refusal(path, error, followingLinks)
            }
            throw LocalSource.refusal(of: path, followingLinks: followingLinks)
        }
    }

    private static func refusal(_ path: String, _ errno: Errno, _ followingLinks: Bool) -> StoreError {
        switch errno {
        // A socket, or a device that nothing drives.
        case .noDevice: LocalSource.refusal(of: path, followingLinks: followingLinks)
        case .tooManySymlinks where !followingLinks: LocalSource.refusal(of: path, followingLinks: false)
        default: StoreError(source: errno, call: "open", path)
        }
    }

    /// A reading of the file from its start.
    /// - Throws: in the sequence, `sourceFailed` where it can't be read, or changed since it was opened.
    public func chunks() -> AsyncPull<[UInt8]> {
        let position = Position()
        return AsyncPull { [self] () throws(StoreError) in
            let start = position.advance(by: chunkSizeBytes, upTo: Int(clamping: size))
            return try await LocalThreads.run { () throws(StoreError) in try self.chunk(at: Int64(start)) }
        }
    }

    /// The file as content that can be read again.
    public var source: ObjectSource {
        ObjectSource(size: size) { [self] () throws(StoreError) in chunks() }
    }

    /// The bytes from there on; nil at the end, once the file is known to be what it was.
    private func chunk(at start: Int64) throws(StoreError) -> [UInt8]? {
        let wanted = Int(min(Int64(chunkSizeBytes), size - start))
        let isLast = start + Int64(wanted) == size
        let read: (bytes: [UInt8], isWhole: Bool)
        do throws(Errno) {
            let bytes = try LocalThreads.calls.readFully(descriptor.raw, wanted, at: start)
            let isSame = isLast ? try isUnchanged() : true
            read = (bytes, bytes.count == wanted && isSame)
        } catch {
            throw StoreError(
                .sourceFailed, "\(path) could not be read to its end: \(error)",
                cause: .errno(error.rawValue, call: "read"))
        }
        guard read.isWhole else {
            throw StoreError(.sourceFailed, "\(path) changed while it was read: nothing of it was kept, try again")
        }
        return read.bytes.isEmpty ? nil : read.bytes
    }

    private func isUnchanged() throws(Errno) -> Bool {
        let now = try LocalThreads.calls.status(of: descriptor.raw)
        return now.sizeBytes == status.sizeBytes && now.modified == status.modified
    }

    /// The bytes of a small file; nil when there is none.
    /// - Throws: `sourceFailed` for what is no regular file, or larger than `limit`.
    package static func contents(_ path: String, upTo limit: Int) async throws(StoreError) -> [UInt8]? {
        let file: LocalFile
        do { file = try await open(path, followingLinks: true) } catch  where error.code == .notFound { return nil }
        guard file.size <= limit else {
            throw StoreError(.sourceFailed, "\(path) is larger than \(limit) bytes")
        }
        var bytes: [UInt8] = []
        for try await chunk in file.chunks() { bytes += chunk }
        return bytes
    }
}

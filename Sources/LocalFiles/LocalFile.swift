package import BlobSystem
internal import Glibc
public import ObjectStorage

/// A file of this machine that is open for reading, to be published or imported.
///
/// It is a regular file: directories, pipes, devices and, unless asked for, symbolic links are refused. A file that
/// changes while it is read is found out at its end, which is where no further byte comes, whatever its size says. One
/// that holds more or less than it says, as those of the kernel do, is read to its end when it is opened, if it is
/// small.
public final class LocalFile: Sendable {
    private static let longestMisstatedBytes = 1 << 20

    /// The path as it was given.
    public let path: String
    /// In bytes, as it was opened.
    public let size: Int64
    /// Nil where all of it is in memory.
    private let raw: Int32?
    /// Closes the file.
    private let descriptor: Descriptor?
    private let status: FileStatus
    /// All of it, where it was read when it was opened, or where its size says something else.
    private let inMemory: InMemory?

    private enum InMemory {
        case whole([UInt8])
        case tooLarge
        case changed
    }

    private init(_ path: String, descriptor: consuming Descriptor, status: FileStatus) throws(Errno) {
        self.path = path
        self.status = status
        inMemory = try Self.misstated(descriptor, status)
        size = if case .whole(let content) = inMemory { Int64(content.count) } else { status.sizeBytes }
        raw = descriptor.raw
        self.descriptor = consume descriptor
    }

    private init(_ path: String, whole content: [UInt8], _ status: FileStatus) {
        self.path = path
        self.status = status
        inMemory = .whole(content)
        size = Int64(content.count)
        raw = nil
        descriptor = nil
    }

    /// What a file holds whose end is not where its size says; nil for an honest one.
    private static func misstated(_ file: borrowing Descriptor, _ status: FileStatus) throws(Errno) -> InMemory? {
        let last = max(0, status.sizeBytes - 1)
        let found = try LocalThreads.calls.readFully(file.raw, 2, at: last)
        if Int64(found.count) == status.sizeBytes - last { return nil }
        let content = try LocalThreads.calls.readFully(file.raw, longestMisstatedBytes + 1, at: 0)
        let now = try LocalThreads.calls.status(of: file.raw)
        if !now.isUnchanged(since: status) { return .changed }
        return content.count > longestMisstatedBytes ? .tooLarge : .whole(content)
    }

    /// When its content changed last.
    public var modified: Timestamp { Timestamp(seconds: status.modified.seconds) }

    /// Opens a file.
    /// - Throws: `notFound`; `permissionDenied`; `sourceFailed` for what is no regular file.
    public static func open(_ path: String, followingLinks: Bool = false) async throws(StoreError) -> LocalFile {
        try await LocalThreads.run { () throws(StoreError) in
            let calls = LocalThreads.calls
            do throws(Errno) {
                let descriptor = try calls.opened(path: path, flags(followingLinks))
                let status = try calls.status(of: descriptor.raw)
                if status.kind == .file { return try LocalFile(path, descriptor: descriptor, status: status) }
            } catch {
                throw refusal(path, errno: error, followingLinks: followingLinks)
            }
            throw LocalSource.refusal(of: path, followingLinks: followingLinks)
        }
    }

    /// Small files, read whole by one visit to a thread, so that each is in memory and none is open.
    /// - Parameter limit: what is larger is not read.
    /// - Returns: for each the file and its content; nil for one that is larger, that changed meanwhile, or that cannot
    ///   be read: opening it by itself says why.
    package static func wholes(
        _ files: [(path: String, followingLinks: Bool)], upTo limit: Int
    ) async throws(StoreError) -> [(file: LocalFile, content: [UInt8])?] {
        try await LocalThreads.run { () throws(StoreError) in
            files.map { file in try? whole(file.path, followingLinks: file.followingLinks, upTo: limit) }
        }
    }

    private static func whole(
        _ path: String, followingLinks: Bool, upTo limit: Int
    ) throws(Errno) -> (file: LocalFile, content: [UInt8])? {
        let calls = LocalThreads.calls
        let descriptor = try calls.opened(path: path, flags(followingLinks))
        let status = try calls.status(of: descriptor.raw)
        guard status.kind == .file, (0...Int64(limit)).contains(status.sizeBytes) else { return nil }
        // One byte more: what is behind the end that was seen first was written since.
        let content = try calls.readFully(descriptor.raw, Int(status.sizeBytes) + 1, at: 0)
        let isUnchanged = try calls.status(of: descriptor.raw).isUnchanged(since: status)
        try descriptor.close()
        guard isUnchanged, Int64(content.count) == status.sizeBytes else { return nil }
        return (LocalFile(path, whole: content, status), content)
    }

    private static func flags(_ followingLinks: Bool) -> OpenFlags {
        followingLinks ? .nonBlocking : [.nonBlocking, .noFollow]
    }

    private static func refusal(_ path: String, errno: Errno, followingLinks: Bool) -> StoreError {
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
        switch inMemory {
        case .whole(let content): return .chunks(of: content)
        case .tooLarge: return AsyncPull { [self] () throws(StoreError) in throw misstatement }
        case .changed: return AsyncPull { [self] () throws(StoreError) in throw change }
        case nil: break
        }
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

    private var misstatement: StoreError {
        StoreError(
            .sourceFailed,
            "\(path) reports \(status.sizeBytes) bytes but holds a different number; copy it, and use the copy")
    }

    private var change: StoreError {
        StoreError(.sourceFailed, "\(path) changed while it was read; nothing was stored, so try again")
    }

    /// The bytes from there on; nil at the end, once the file is known to be what it was.
    private func chunk(at start: Int64) throws(StoreError) -> [UInt8]? {
        let wanted = Int(min(Int64(chunkSizeBytes), size - start))
        let isLast = start + Int64(wanted) == size
        let read: (bytes: [UInt8], isWhole: Bool)
        do throws(Errno) {
            // At the end one byte more: what is behind the end that was seen first was written since.
            guard let raw else { throw Errno.badDescriptor }
            let bytes = try LocalThreads.calls.readFully(raw, wanted + (isLast ? 1 : 0), at: start)
            let isSame = isLast ? try isUnchanged(raw) : true
            read = (bytes, bytes.count == wanted && isSame)
        } catch {
            throw StoreError(
                .sourceFailed, "\(path) could not be read to its end: \(error)",
                cause: .errno(error.rawValue, call: "read"))
        }
        guard read.isWhole else { throw change }
        return read.bytes.isEmpty ? nil : read.bytes
    }

    private func isUnchanged(_ descriptor: Int32) throws(Errno) -> Bool {
        try LocalThreads.calls.status(of: descriptor).isUnchanged(since: status)
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

extension FileStatus {
    fileprivate func isUnchanged(since earlier: FileStatus) -> Bool {
        sizeBytes == earlier.sizeBytes && modified == earlier.modified
    }
}

// MARK: - What stands in the way

/// What is to be taken from this machine, and why it cannot be.
package enum LocalSource {
    /// Why something that is no regular file is not taken.
    static func refusal(of path: String, followingLinks: Bool) -> StoreError {
        let calls = LocalThreads.calls
        let kind = try? calls.status(ofPath: path, followingLinks: false).kind
        if kind != .symbolicLink { return refusal(path, kind) }
        guard followingLinks else {
            return StoreError(.sourceFailed, "\(path) is a symbolic link, and links are not followed here")
        }
        let target = try? calls.status(ofPath: path, followingLinks: true).kind
        if target == .directory {
            return StoreError(
                .sourceFailed, "\(path) is a symbolic link to a directory; only links to files are followed")
        }
        return StoreError(.sourceFailed, "\(path) is a symbolic link to \(target.name), not to a file")
    }

    /// Why a name that is no text is not taken.
    package static func refusal(ofBytes name: LocalName) -> StoreError {
        StoreError(.sourceFailed, "the name \"\(name)\" is not valid UTF-8: rename the file")
    }

    /// Whether anything is called so, in any bytes.
    package static func exists(_ name: LocalName, in folder: String) -> Bool {
        var status = stat()
        let path = Array("\(folder)/".utf8) + name.bytes + [0]
        return lstat(path.map { CChar(bitPattern: $0) }, &status) == 0
    }

    /// Why something of that kind, which is no link, is not taken.
    static func refusal(_ path: String, _ kind: FileStatus.Kind?) -> StoreError {
        StoreError(.sourceFailed, "\(path) is \(kind.name)" + (kind == nil ? "" : ", not a file"))
    }
}

extension FileStatus.Kind? {
    /// As it stands in a sentence.
    fileprivate var name: String {
        switch self {
        case .file: "a file"
        case .directory: "a directory"
        case .symbolicLink: "a symbolic link"
        case .pipe: "a pipe (FIFO)"
        case .device: "a device"
        case .socket: "a socket"
        case .other: "of an unknown kind"
        case nil: "gone"
        }
    }
}

extension StoreError {
    /// A failure of what content comes from, which is never taken for one of the storage: it meets no other item.
    init(source errno: Errno, call: String, _ subject: String) {
        let meaning = StoreError(errno, call: call, subject)
        switch errno {
        case .notFound, .accessDenied, .notPermitted: self = meaning
        // These are this process's, and meet every other file too.
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory: self = meaning
        case .tooManySymlinks:
            self.init(
                .sourceFailed, "\(subject) leads in a circle of symbolic links", cause: meaning.cause)
        default: self.init(.sourceFailed, meaning.message, cause: meaning.cause)
        }
    }
}

// MARK: - Threads

/// The threads that work on files of this machine which belong to no root: what is published, what is pulled.
package enum LocalThreads {
    package static let calls: any SystemCalls = UninterruptedCalls(LinuxCalls())
    private static let pool = BlockingPool(name: "files", limits: .init(threads: 16))

    /// Runs blocking work away from Swift's own threads. It has no deadline: a pipe may take its time.
    package static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        switch await pool.run(deadline: nil, { (_) throws(StoreError) in try body() }) {
        case .done(let result): return try result.get()
        case .expired, .refused:
            throw StoreError(.unavailable, "too many files are in use at once; try again")
        }
    }
}

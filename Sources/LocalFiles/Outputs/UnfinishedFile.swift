internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

/// The temporary file beside the name that it gets when it is whole.
///
/// What a killed process left of its own in the same folder goes when another writes there.
final class UnfinishedFile: Sendable {
    private let folder: Descriptor
    private let file: Descriptor
    private let name: String
    private let temporary: UnfinishedName

    /// - Throws: `invalidArgument` for a place in a root; what opening throws.
    init(for path: String, makingFolders: Bool) throws(StoreError) {
        let calls = LocalThreads.calls
        guard let (folderPath, name) = FilePath.split(path), !path.hasSuffix("/") else {
            throw LocalOutput.refusal(path, .isDirectory)
        }
        if makingFolders { try LocalDestination.makeFolders(folderPath, for: path) }
        let temporary = UnfinishedName()
        self.name = name
        self.temporary = temporary
        do throws(Errno) { folder = try calls.opened(path: folderPath, .directory) } catch {
            throw LocalOutput.refusal(path, error)
        }
        try RootBounds.expectNone(around: folder.raw, for: path)
        do throws(Errno) {
            file = try calls.opened(temporary.text, beneath: folder, [.readWrite, .create, .exclusive], mode: 0o666)
        } catch { throw LocalOutput.refusal(path, error) }
        if let now = try? calls.status(of: file.raw).modified { Leftovers.clear(folder.raw, at: folderPath, now: now) }
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(Errno) {
        try LocalThreads.calls.writeFully(file.raw, bytes, at: offset)
    }

    /// - Parameter modified: when its content changed last, where that is known.
    /// - Source: fsync(2), rename(2), fsync(2) of the directory.
    func finish(modified: Timestamp?) throws(Errno) {
        let calls = LocalThreads.calls
        if let modified {
            // Some filesystems keep no such times, and the content is what counts.
            try? calls.setTimes(file.raw, to: FileTime(seconds: modified.seconds, nanoseconds: 0))
        }
        try calls.sync(file.raw)
        try calls.durably(in: folder.raw) { () throws(Errno) in
            try calls.rename(temporary.text, in: folder.raw, to: name, in: folder.raw)
        }
    }

    func abandon() {
        try? LocalThreads.calls.unlink(temporary.text, in: folder.raw)
    }
}

/// What a file is called while it is written: it says whose it is.
struct UnfinishedName: Sendable {
    private static let count = Mutex<UInt64>(0)
    private static let prefix = ".blobstore-"
    private static let suffix = ".part"

    let text: String
    /// Nil in a name of an earlier version, which had none.
    let owner: ProcessMark?

    /// A name that no file of this process had.
    init() {
        let number = Self.count.withLock { count in
            count &+= 1
            return count
        }
        owner = .current
        text = "\(Self.prefix)\(ProcessMark.current.text)-\(number)\(Self.suffix)"
    }

    /// Reads such a name; nil for any other.
    init?(_ bytes: [UInt8]) {
        guard bytes.count < 128, bytes.first == UInt8(ascii: "."),
            let text = String(validating: bytes, as: UTF8.self), text.hasSuffix(Self.suffix)
        else { return nil }
        self.text = text
        let middle = text.dropLast(Self.suffix.count)
        if middle.hasPrefix(Self.prefix) {
            let parts = middle.dropFirst(Self.prefix.count)
            guard let end = parts.lastIndex(of: "-"), UInt64(parts[parts.index(after: end)...]) != nil,
                let owner = ProcessMark(parts[..<end])
            else { return nil }
            self.owner = owner
        } else {
            guard Self.isUUID(middle.dropFirst()) else { return nil }
            owner = nil
        }
    }

    private static func isUUID(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.count) == [8, 4, 4, 4, 12]
            && parts.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase } }
    }
}

/// Files that processes left unfinished when they were killed.
private enum Leftovers {
    /// Nobody writes to one file for as long without changing it.
    private static let longestPause = Duration.seconds(86_400)
    private static let maximumFolders = 4_096
    private static let maximumCalls = 1_000

    /// A folder by its path, too: one that is new often has the number of one that was removed.
    private struct Place: Hashable {
        let path: String
        let identity: FileStatus.Identity
    }
    private static let seen = Mutex<Set<Place>>([])

    /// Removes them from a folder, once in the life of this process.
    /// - Parameter now: by the filesystem's own clock.
    static func clear(_ folder: Int32, at path: String, now: FileTime) {
        guard let identity = try? LocalThreads.calls.status(of: folder).identity else { return }
        let place = Place(path: path, identity: identity)
        let isNew = seen.withLock { seen in
            if seen.count >= maximumFolders { seen.removeAll() }
            return seen.insert(place).inserted
        }
        if !isNew { return }
        for name in names(in: folder) where isForsaken(name, in: folder, now) {
            try? LocalThreads.calls.unlink(name.text, in: folder)
        }
    }

    private static func isForsaken(_ name: UnfinishedName, in folder: Int32, _ now: FileTime) -> Bool {
        guard let status = try? LocalThreads.calls.status(of: name.text, in: folder), status.kind == .file else {
            return false
        }
        switch name.owner?.life ?? .unknown {
        case .running: return false
        case .gone: return true
        case .unknown: return now.since(status.modified) > longestPause
        }
    }

    /// As far as they can be read.
    private static func names(in folder: Int32) -> [UnfinishedName] {
        var names: [UnfinishedName] = []
        _ = try? LocalThreads.calls.readNames(of: folder, atMost: maximumCalls) { entry in
            if let name = UnfinishedName(Array(entry.name)) { names.append(name) }
        }
        return names
    }
}

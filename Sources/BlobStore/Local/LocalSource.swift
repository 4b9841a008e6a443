internal import BlobSystem
internal import Glibc

/// What is to be taken from this machine, and why it cannot be.
enum LocalSource {
    /// Why something that is no regular file is not taken.
    static func refusal(of path: String, followingLinks: Bool) -> StoreError {
        let calls = LocalThreads.calls
        let kind = try? calls.status(ofPath: path, followingLinks: false).kind
        if kind != .symbolicLink { return refusal(path, kind) }
        guard followingLinks else {
            return StoreError(.sourceFailed, "\(path) is a symbolic link, which is followed only when asked for")
        }
        let target = try? calls.status(ofPath: path, followingLinks: true).kind
        if target == .directory {
            return StoreError(
                .sourceFailed, "\(path) is a symbolic link to a directory, and only links to files are followed")
        }
        return StoreError(.sourceFailed, "\(path) is a symbolic link to \(target.name), not to a file")
    }

    /// Why a name that is no text is not taken.
    static func refusal(ofBytes name: LocalName) -> StoreError {
        StoreError(.sourceFailed, "the name \"\(name)\" is no valid UTF-8: rename the file")
    }

    /// Whether anything is called so, in any bytes.
    static func exists(_ name: LocalName, in folder: String) -> Bool {
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

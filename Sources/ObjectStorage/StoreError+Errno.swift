package import BlobSystem

extension StoreError {
    /// Classifies a system call's failure, where it enters.
    ///
    /// What a call's failure means to its caller (EEXIST after `link`, ENOENT after `open`) the caller decides before
    /// it comes here.
    /// - Parameters:
    ///   - call: the system call's name.
    ///   - subject: what it was called for, as it shows in the sentence, e.g. `the folder blobs/`.
    package init(_ errno: Errno, call: String, _ subject: String) {
        let meaning = Self.meaning(of: errno)
        self.init(
            meaning.code, "\(subject): \(meaning.sentence) (\(call): \(errno))", isRetryable: meaning.isRetryable,
            cause: .errno(errno.rawValue, call: call))
    }

    /// The errno beneath, if there is one.
    package var errno: Errno? {
        if case .errno(let value, _) = cause { Errno(rawValue: value) } else { nil }
    }

    /// Whether something in the place of a folder on the way (a link, a file, a mount) kept the storage from looking:
    /// that says nothing of what is behind it.
    package var isOfTheWay: Bool {
        switch errno {
        case .tooManySymlinks, .notDirectory, .crossDevice: true
        default: false
        }
    }

    private typealias Meaning = (code: Code, sentence: String, isRetryable: Bool)

    private static func meaning(of errno: Errno) -> Meaning {
        switch errno {
        case .notFound: (.notFound, "does not exist", false)
        case .exists: (.alreadyExists, "exists already", false)
        case .noSpace: (.outOfSpace, "the disk is full; free some space", false)
        case .quotaExceeded: (.outOfSpace, "the quota is used up; raise it, or free some space", false)
        case .fileTooLarge: (.outOfSpace, "is larger than the filesystem or the process's limit allows", false)
        case .readOnlyFilesystem: (.readOnly, "the filesystem is mounted read-only; mount it for writing", false)
        case .accessDenied:
            (.permissionDenied, "this account has no permission; give it access, or use an account that has it", false)
        case .notPermitted:
            (
                .permissionDenied,
                "the system does not let this account do that; see whether the file is immutable (lsattr) or another account's",
                false
            )
        case .nameTooLong: (.invalidKey, "the name is longer than the filesystem allows", false)
        case .tooManySymlinks: (.corrupt, "is or leads through a symbolic link, which is not followed", false)
        case .crossDevice: (.unsupported, "is on another filesystem", false)
        case .isDirectory, .notDirectory:
            (.corrupt, "there is a file where a folder belongs, or the reverse; move it away", false)
        case .notEmpty: (.alreadyExists, "the folder is not empty", false)
        case .tooManyLinks: (.unsupported, "the filesystem allows no more links to it", false)
        default: transport(errno) ?? failure(errno)
        }
    }

    /// What passes by itself, or when the network or the server is back.
    private static func transport(_ errno: Errno) -> Meaning? {
        switch errno {
        case .stale, .badDescriptor: (.unavailable, "the server no longer knows this file", true)
        case .timedOut: (.unavailable, "the server did not answer in time", true)
        case .hostDown, .hostUnreachable, .networkDown, .networkUnreachable, .connectionRefused, .noDevice:
            (.unavailable, "the server cannot be reached", true)
        case .connectionReset, .connectionAborted, .notConnected, .shutDown:
            (.unavailable, "the connection to the server broke", true)
        case .interrupted, .tryAgain, .busy: (.unavailable, "is busy", true)
        case .tooManyOpenFiles:
            (.unavailable, "this process has too many files open; raise the limit (ulimit -n)", true)
        case .tooManyOpenFilesInSystem: (.unavailable, "the machine has too many files open", true)
        case .noMemory: (.unavailable, "the machine is out of memory", true)
        default: nil
        }
    }

    private static func failure(_ errno: Errno) -> Meaning {
        switch errno {
        case .inputOutput, .remoteInputOutput: (.failed, "the disk or the server failed", false)
        case .badMessage, .needsCleaning: (.failed, "the filesystem is damaged", false)
        case .noSuchCall: (.unsupported, "this kernel does not know the call", false)
        case .notSupported, .notTypewriter: (.unsupported, "the filesystem cannot do that", false)
        default: (.failed, "the call failed", false)
        }
    }
}

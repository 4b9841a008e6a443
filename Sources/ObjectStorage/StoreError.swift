/// The one error of every layer: what went wrong, whether trying again can help, and a sentence for a person.
///
/// A foreign error (errno, an HTTP status, a curl code) is classified once, where it enters, and kept as the
/// ``cause``. No part of it ever holds a credential.
public struct StoreError: Error, Sendable, Equatable {
    /// What kind of failure this is; scripts and callers decide by it.
    public enum Code: String, Sendable, CaseIterable {
        /// There is nothing by that name.
        case notFound
        /// Something else is there already, and is kept.
        case alreadyExists
        /// A record is not, or no longer, what the writer expected; nothing of the write was visible.
        case preconditionFailed
        /// The write may or may not have happened, and looking could not settle it.
        case outcomeUnknown
        /// A key, package path, feed name or other argument breaks a stated rule.
        case invalidKey, invalidArgument
        /// The account may not do this.
        case permissionDenied
        /// The storage, or this view of it, takes no writes.
        case readOnly
        /// The storage cannot be reached or did not answer in time.
        case unavailable
        /// Disk or quota is full.
        case outOfSpace
        /// What is stored is not what its name, size or record says.
        case corrupt
        /// What was sent is not what its digest says.
        case digestMismatch
        /// The content to store could not be read, or changed while it was read.
        case sourceFailed
        /// The storage cannot do this, and does not pretend to.
        case unsupported
        /// A file was written by a newer version of this format.
        case unknownFormat
        /// The place is not the root it is said to be.
        case wrongRoot
        /// The feed is being moved to another root.
        case migrating
        /// The caller cancelled.
        case cancelled
        /// The storage answered with an error that fits no other code (EIO, a 5xx).
        case failed
    }

    /// The foreign error beneath.
    public enum Cause: Sendable, Equatable {
        /// A system call's errno, and the call's name.
        case errno(Int32, call: String)
        /// An HTTP answer of an S3 server.
        case http(status: Int, code: String?, requestID: String?)
        /// A failure of the transport.
        case curl(Int32)
        /// Any other error, as text.
        case other(String)
    }

    /// What kind of failure this is.
    public let code: Code
    /// One sentence without a final dot: what, why and, where there is something to do, what to do.
    public let message: String
    /// Whether the same call may succeed later without anything else being changed.
    public let isRetryable: Bool
    /// The operation that failed, e.g. `writeRecord`.
    public private(set) var operation: String?
    /// The key that it failed on.
    public private(set) var key: String?
    /// The root that it failed on.
    public private(set) var root: String?
    /// The foreign error beneath; nil if there is none.
    public let cause: Cause?
    /// What is known about it besides.
    package private(set) var circumstance: Circumstance?

    /// What is decided by where the code does not tell, and which is never read from the message.
    package enum Circumstance: Sendable, Equatable {
        /// It concerns the whole root, not only the file that it was met at.
        case wholeRoot
        /// The time was over, and a thread is still at it: it may be done yet.
        case stillRunning
        /// Another process of the same probe gave up, and its failure is the one that matters.
        case othersGaveUp
        /// What is not there is the content that a record names.
        case contentGone
        /// What is not there is content that was staged, and not yet published.
        case stagingLost
        /// A flush failed, and whatever this process tries again there stays in doubt.
        case flushFailed
        /// What is not there is the feed of that name.
        case feedAbsent(String)
    }

    /// Whether what is not there is the content of a package that is published: a `notFound` of another kind than that
    /// of a package that does not exist.
    public var isContentGone: Bool { circumstance == .contentGone }

    /// Whether what is not there is content that was being published: it was removed from its staging, and has to be
    /// sent again.
    public var isStagingLost: Bool { circumstance == .stagingLost }

    /// An error.
    /// - Parameters:
    ///   - message: one sentence without a final dot, and without a credential.
    ///   - isRetryable: whether trying again may help; by default only for `unavailable`.
    public init(_ code: Code, _ message: String, isRetryable: Bool? = nil, cause: Cause? = nil) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable ?? (code == .unavailable)
        self.cause = cause
    }

    /// The same error, with what is known about it.
    package func under(_ circumstance: Circumstance) -> StoreError {
        var copy = self
        copy.circumstance = circumstance
        return copy
    }

    /// The same error, with what it happened to; what is known already is kept.
    public func during(_ operation: String, key: String? = nil, root: String? = nil) -> StoreError {
        var copy = self
        copy.operation = self.operation ?? operation
        copy.key = self.key ?? key
        copy.root = self.root ?? root
        return copy
    }
}

extension StoreError: CustomStringConvertible {
    /// The message, with the key and root where the message does not name them.
    public var description: String {
        var text = message
        if let key, !text.contains(key) {
            text += " (key \(key)" + (root.map { " in \($0))" } ?? ")")
        } else if let root, !text.contains(root) {
            text += " (in \(root))"
        }
        return text
    }
}

// What every backend says alike.
extension StoreError {
    /// What a storage says of an object that is not there.
    package static func missing(_ key: Key) -> StoreError {
        StoreError(.notFound, "there is no object \"\(key)\"")
    }

    /// What a storage says where an object of that key, but of another size, stands.
    package static func otherSize(_ key: Key, found: Int64, wanted: Int64) -> StoreError {
        StoreError(.corrupt, "the object \"\(key)\" has \(found) bytes instead of \(wanted)")
    }

    /// What a storage says to whoever writes a record that is not, or no longer, what he expected.
    package static func lost(_ key: Key) -> StoreError {
        StoreError(.preconditionFailed, "the record \"\(key)\" is not what the writer expected")
    }

    /// What a storage says of bytes that are too many for a record.
    package static func tooLarge(_ key: Key) -> StoreError {
        StoreError(.invalidArgument, "the record \"\(key)\" would be larger than \(Record.maximumBytes) bytes")
    }
}

/// A record as it was read: all its bytes, and the token that names this very write of it.
public struct Record: Sendable, Equatable {
    /// The record's bytes: JSON, at most 1 MiB.
    public let bytes: [UInt8]
    /// Names this state of the record, for the next compare-and-swap.
    public let version: Version
    /// What is wrong with the bytes, where the storage knows that they are not what was written; nil else. They may be
    /// kept and replaced, but not be believed.
    public let flaw: String?

    /// A record as it was read.
    public init(bytes: [UInt8], version: Version, flaw: String? = nil) {
        self.bytes = bytes
        self.version = version
        self.flaw = flaw
    }

    /// A record is at most this large.
    public static let maximumBytes = 1 << 20

    /// Names one write of a record; opaque but to the storage that made it.
    public struct Version: Hashable, Sendable, CustomStringConvertible {
        /// What the backend tells versions apart by.
        public let token: String
        /// A version by its token.
        public init(token: String) { self.token = token }
        public var description: String { token }
    }

    /// What a writer believes to be there.
    public enum Expectation: Hashable, Sendable {
        case absent
        case version(Version)
    }
}

/// Content that was put aside because it was damaged, with what matters before it is removed.
public struct QuarantinedContent: Sendable, Equatable {
    /// Its key in the feed's root.
    public let key: String
    /// The digest that it should have.
    public let digest: Digest
    /// In bytes.
    public let size: Int64
    /// What the note beside it says; nil where there is none, or it is garbled.
    public let note: Note?
    /// Time since its note was written, by the storage's own clock; nil without a note.
    public let age: Duration?
    /// Packages whose records name the digest, former revisions and deleted packages too: the first 10.
    public let packages: [String]
    /// How many packages name it, as far as records could be read.
    public let packageCount: Int64
    /// Whether it is needed.
    public let state: State

    /// When, why and by whom it was put aside.
    public struct Note: Sendable, Equatable {
        /// When, by the clock of whoever did it.
        public let at: Timestamp
        /// Why.
        public let why: String
        /// Who or what did it.
        public let by: String
    }

    /// Whether it is needed.
    public enum State: String, Sendable, CaseIterable {
        /// A good blob is in its place: it was read, and has the digest.
        case replaced
        /// No good blob is in place, and no record names it.
        case unnamed
        /// A package names it, no good blob is in place, and this copy is damaged, too. It is all there is.
        case needed
        /// A package names it, or may do so, no good blob is in place, and this copy is good: a repair brings it back.
        case good
        /// No good blob is in place, this copy is damaged, and records could not be read, so a package may name it.
        case unknown
    }
}

extension QuarantinedContent.State {
    /// Whether nothing is lost with it.
    var isSpare: Bool { self == .replaced || self == .unnamed }
}

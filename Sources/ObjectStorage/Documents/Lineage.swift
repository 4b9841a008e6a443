/// Which write a record is of, and which writes came before it: kept with the record, so that what became of a write
/// whose answer was lost can be told from the record alone.
package struct Lineage: Sendable, Equatable {
    package static let maximumAncestors = 16

    /// Names this write and no other.
    package let write: String
    /// The writes before it, the latest first.
    package let ancestors: [String]

    package init(write: String, ancestors: [String] = []) {
        self.write = write
        self.ancestors = ancestors
    }

    /// Of a write that replaces another; nil for one that creates, or that replaces what tells no lineage.
    package init(write: String, after previous: Lineage?) {
        self.write = write
        ancestors = previous.map { Array(([$0.write] + $0.ancestors).prefix(Self.maximumAncestors)) } ?? []
    }

    /// What became of a write.
    package enum Outcome: Sendable, Equatable {
        /// It stands there.
        case won
        /// It stood there, and was replaced since.
        case superseded
        /// The chain of writes leads past the place where it would stand: it never was.
        case lost
        /// The record says too little about its past.
        case unclear
    }

    /// What became of this write, judged by the record that is there now and is not what was expected.
    ///
    /// *Guarantees*: `lost` only where the chain proves it. A record that was removed and made anew proves nothing.
    /// - Parameter isCreation: whether the write expected no record.
    package func outcome(by current: Lineage, isCreation: Bool) -> Outcome {
        if current.write == write { return .won }
        if current.ancestors.contains(write) { return .superseded }
        let reachesBack =
            isCreation
            ? current.ancestors.count < Self.maximumAncestors
            : ancestors.first.map(current.ancestors.contains) ?? false
        return reachesBack ? .lost : .unclear
    }
}

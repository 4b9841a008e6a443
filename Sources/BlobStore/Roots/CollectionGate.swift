/// Whether content of a feed's root may be taken away: it stands in the feed's record, so that publishers settle with
/// all collectors by the one read of that record which they make anyway.
///
/// Whoever takes content away (a collector, or a repair that puts damaged content aside) swaps the gate to active
/// before it looks whether the content is wanted, and back to idle once nothing that it began can still take effect.
/// The version grows with each swap. So a publisher that saw the gate idle before it looked at its content, and sees it
/// idle in the same version after its record is written, knows that whoever comes later will see that record.
///
/// A model of it stands in `Tests/ModelTests/Collection/GateModel.swift`, with what is lost if a rule is left out.
public struct CollectionGate: Sendable, Equatable, Codable {
    /// Whether somebody may be taking content away.
    public enum State: String, Sendable, Codable {
        case idle, active
    }

    /// The id of the root that it is about.
    public let root: String
    /// Grows with each swap, and when the feed moves to another root.
    public let version: Int64
    /// Whether somebody may be taking content away.
    public let state: State

    func next(_ state: State, of root: String) -> CollectionGate {
        // A record whose version has no room for another one is flawed, and is not read.
        CollectionGate(root: root, version: version &+ 1, state: state)
    }
}

extension FeedRecord {
    /// The gate of the root that the feed is in.
    ///
    /// A record without one is of a feed in which nothing was ever taken away by a version that knows gates: it is
    /// idle. One that is about another root was left behind when a version without gates moved the feed: what goes on
    /// in the present root is unknown, so it counts as active.
    package var presentGate: CollectionGate {
        guard let gate else { return CollectionGate(root: id, version: 0, state: .idle) }
        return gate.root == id ? gate : CollectionGate(root: id, version: gate.version, state: .active)
    }

    /// Whether nobody began to take content away between this reading of the record and a later one.
    package func isUndisturbed(at later: FeedRecord) -> Bool {
        presentGate.state == .idle && later.presentGate == presentGate
    }

    /// Swaps the gate.
    mutating func swapGate(to state: CollectionGate.State) {
        gate = presentGate.next(state, of: id)
    }
}

extension Catalog {
    /// Swaps the gate of a feed's root, if it still is what was read.
    /// - Returns: the gate as it was written; nil when another was faster, or the feed is in another root by now.
    func swapGate(
        of feed: FeedName, _ held: CollectionGate, to state: CollectionGate.State
    ) async throws(StoreError) -> CollectionGate? {
        var written: CollectionGate?
        _ = try await update(feed) { (record) throws(StoreError) in
            written = nil
            guard record.presentGate == held else { return nil }
            var next = record
            next.swapGate(to: state)
            written = next.gate
            return next
        }
        return written
    }
}

internal import Synchronization

/// Something that has happened, or not yet; told by one thread to others.
package final class Flag: Sendable {
    private let state = Atomic(false)

    package init() {}

    package var isRaised: Bool { state.load(ordering: .acquiring) }
    package func raise() { state.store(true, ordering: .releasing) }
}

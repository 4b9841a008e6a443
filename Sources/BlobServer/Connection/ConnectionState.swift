internal import Synchronization

/// What the routes need to know of their connection's event loop.
final class ConnectionState: Sendable {
    private let whole = Atomic(true)

    /// Whether the present request has arrived to its end. A body whose reader is told of no more has ended only then:
    /// a connection that broke looks the same to it.
    var isRequestWhole: Bool {
        get { whole.load(ordering: .acquiring) }
        set { whole.store(newValue, ordering: .releasing) }
    }
}

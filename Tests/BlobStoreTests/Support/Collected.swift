import Synchronization

/// Gathers what callbacks report.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }

    func add(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// Waits until it is opened.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let end: AsyncStream<Void>.Continuation
    private let state = Mutex(false)

    init() { (stream, end) = AsyncStream.makeStream(of: Void.self) }

    var isOpen: Bool { state.withLock { $0 } }

    func open() {
        state.withLock { $0 = true }
        end.finish()
    }

    /// Returns early when the task is cancelled.
    func wait() async { for await _ in stream {} }
}

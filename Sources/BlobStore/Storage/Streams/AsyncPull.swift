/// A sequence whose elements are fetched one at a time, when they are asked for: backpressure by nature.
///
/// It can be iterated once. What it holds open is released when it has ended, has failed, or is dropped.
public struct AsyncPull<Element: Sendable>: AsyncSequence, Sendable {
    public typealias Failure = StoreError
    /// Fetches the next element; nil at the end. Never called from two tasks at once.
    public typealias Fetch = @Sendable () async throws(StoreError) -> Element?

    private let fetch: Fetch

    public init(_ fetch: @escaping Fetch) {
        self.fetch = fetch
    }

    /// Fetches the elements one by one, for a decorator that passes them on.
    public func puller() -> Fetch { fetch }

    public func makeAsyncIterator() -> Iterator { Iterator(fetch: fetch) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let fetch: Fetch

        public mutating func next() async throws(StoreError) -> Element? { try await fetch() }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(StoreError) -> Element? {
            try await fetch()
        }
    }
}

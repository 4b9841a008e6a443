internal import Synchronization

/// A sequence whose elements are fetched one at a time, when they are asked for: backpressure by nature.
///
/// It can be iterated once. What it holds open is released when it has ended, has failed, or is dropped.
public struct AsyncPull<Element: Sendable>: AsyncSequence, Sendable {
    public typealias Failure = StoreError
    /// Fetches the next element; nil at the end. Never called from two tasks at once.
    public typealias Fetch = @Sendable () async throws(StoreError) -> Element?

    private let fetch: Fetch

    /// A sequence of what `fetch` returns, until that is nil.
    public init(_ fetch: @escaping Fetch) {
        self.fetch = fetch
    }

    /// Fetches the elements one by one, for a decorator that passes them on.
    public func puller() -> Fetch { fetch }

    public func makeAsyncIterator() -> Iterator { Iterator(fetch: fetch) }

    /// Asks for one element after another.
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

// MARK: - Bytes

extension AsyncPull<[UInt8]> {
    /// The same content, whose bytes are told as they pass.
    package func counted(_ pass: @escaping @Sendable (Int64) -> Void) -> AsyncPull<[UInt8]> {
        let next = puller()
        return AsyncPull { () async throws(StoreError) in
            let chunk = try await next()
            if let chunk { pass(Int64(chunk.count)) }
            return chunk
        }
    }

    /// Bytes in memory, or a part of them, cut into chunks of at most that size.
    package static func chunks(
        of bytes: [UInt8], _ part: Range<Int>? = nil, in sizeBytes: Int = chunkSizeBytes
    ) -> AsyncPull<[UInt8]> {
        let part = part ?? bytes.indices
        let position = Position()
        return AsyncPull { () throws(StoreError) in
            let start = part.lowerBound + position.advance(by: sizeBytes, upTo: part.count)
            if start == part.upperBound { return nil }
            let chunk = start..<Swift.min(start + sizeBytes, part.upperBound)
            return chunk == bytes.indices ? bytes : Array(bytes[chunk])
        }
    }
}

/// How far a single-pass reader has come.
package final class Position: Sendable {
    private let offset = Mutex(0)

    package init() {}

    /// Moves on by up to `step`, and returns where it stood before.
    package func advance(by step: Int, upTo end: Int) -> Int {
        offset.withLock { offset in
            let start = offset
            offset = min(offset + step, end)
            return start
        }
    }
}

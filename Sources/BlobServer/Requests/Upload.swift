internal import BlobCrypto
internal import BlobStore
internal import HummingbirdCore
internal import NIOCore
internal import Synchronization

/// A request's body as the store reads it.
///
/// It ends only where the client ended it, and only after every digest that the client stated has matched: what was cut
/// off, or is not what it should be, is an error instead, and publishes nothing.
struct Upload: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    private let body: RequestBody
    private let connection: ConnectionState
    private let expected: Int64?
    private let limit: Int64
    private let digests: StatedDigests
    private let bound = UploadBound()

    /// Whether more came than the limit allows.
    var isTooLarge: Bool { bound.isExceeded }

    init(
        _ body: RequestBody, _ connection: ConnectionState, digests: StatedDigests, expecting length: Int64?,
        limit: Int64
    ) {
        self.body = body
        self.connection = connection
        expected = length
        self.limit = limit
        self.digests = digests
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(
            body: body.makeAsyncIterator(), connection: connection, expected: expected, limit: limit,
            bound: bound, checks: digests.others.map { DigestCheck($0.key, $0.value) })
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var body: RequestBody.AsyncIterator
        fileprivate let connection: ConnectionState
        fileprivate let expected: Int64?
        fileprivate let limit: Int64
        fileprivate let bound: UploadBound
        fileprivate let checks: [DigestCheck]
        fileprivate var received: Int64 = 0

        mutating func next() async throws -> [UInt8]? {
            while let buffer = try await body.next() {
                if buffer.readableBytes == 0 { continue }
                let bytes = Array(buffer.readableBytesView)
                received += Int64(bytes.count)
                if received > limit {
                    bound.exceed()
                    throw StoreError(.sourceFailed, "the body has more than \(limit) bytes")
                }
                for check in checks { check.update(bytes) }
                return bytes
            }
            guard connection.isRequestWhole, expected == nil || expected == received else {
                throw StoreError(.sourceFailed, "the body ended early; send it again")
            }
            for check in checks { try check.finish() }
            return nil
        }
    }
}

/// A digest that a client stated beside the SHA-256.
private final class DigestCheck {
    private let function: HashFunction
    private let expected: String
    private var hasher: BlobCrypto.Hasher

    init(_ function: HashFunction, _ expected: String) {
        self.function = function
        self.expected = expected
        hasher = BlobCrypto.Hasher(function)
    }

    func update(_ bytes: [UInt8]) { hasher.update(bytes) }

    func finish() throws(StoreError) {
        var finished = BlobCrypto.Hasher(function)
        swap(&finished, &hasher)
        guard let hash = finished.finish() else {
            throw StoreError(.unsupported, "this machine cannot hash with \(function.rawValue)")
        }
        if Hex.text(hash) != expected {
            throw StoreError(
                .digestMismatch, "the content does not have the stated \(function.rawValue); send it again")
        }
    }
}

/// Whether an upload was larger than it may be; what reads it hides why its source failed.
private final class UploadBound: Sendable {
    private let exceeded = Atomic(false)

    var isExceeded: Bool { exceeded.load(ordering: .acquiring) }
    func exceed() { exceeded.store(true, ordering: .releasing) }
}

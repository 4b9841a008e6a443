internal import BlobSystem
package import ObjectStorage
internal import Synchronization

/// HTTP over libcurl's multi interface: threads that each run many transfers, with connections kept and used again.
///
/// An answer that comes before the body was sent is taken. Redirects are answers like any other. TLS is verified.
/// Proxies come from the environment, as curl reads it.
///
/// *Cost*: a small request is one hop to a loop thread and one back; a streamed body holds at most 2 MiB.
/// - Source: libcurl-multi(3).
package final class HTTPClient: Sendable {
    private let loops: [TransferLoop]
    private let next = Atomic(0)

    /// - Parameters:
    ///   - threads: how many loops; one answers some 18,000 small requests a second.
    ///   - certificates: a PEM file of certificate authorities; nil for the system's.
    ///   - advice: what errors say is to be done.
    package init(threads: Int = 1, certificates: String? = nil, advice: HTTPAdvice = HTTPAdvice()) {
        let certificates = certificates ?? SystemCertificates.path
        loops = (0..<max(threads, 1)).map { _ in TransferLoop(certificates: certificates, advice: advice) }
    }

    deinit { for loop in loops { loop.stop() } }

    /// Loads libcurl where nobody has yet. To be asked before a search over HTTP, which would take a library that is
    /// missing for an answer that is.
    /// - Throws: `unavailable`.
    package static func expectLibrary() throws(StoreError) {
        if let flaw = CurlLibrary.flaw { throw flaw }
    }

    /// Sends a request and collects the answer.
    /// - Parameters:
    ///   - limit: a larger answer is `failed`.
    ///   - isShielded: whether it goes on when the task is cancelled; for cleaning up.
    /// - Throws: `unavailable` where another try may help; `failed`; `cancelled`.
    /// - Cancellation: ends the transfer and closes its connection.
    package func send(
        _ request: HTTPRequest, collectingAtMost limit: Int = 8 << 20, isShielded: Bool = false
    ) async throws(StoreError) -> HTTPResponse {
        let transfer = Transfer(request, mode: .collecting(limit: limit), isShielded: isShielded, loop: loop())
        transfer.begin()
        let head = try await transfer.head()
        return HTTPResponse(head, body: try await transfer.nextChunk() ?? [])
    }

    /// Sends a request, and hands out the answer as soon as its head is there.
    /// - Parameter limit: how many bytes of the body are fetched ahead of the reader.
    /// - Throws: as ``send(_:collectingAtMost:isShielded:)``.
    package func open(
        _ request: HTTPRequest, bufferingAtMost limit: Int = 2 << 20
    ) async throws(StoreError) -> HTTPStream {
        try await begin(request, bufferingAtMost: limit).stream()
    }

    /// Sends a request without waiting for its answer.
    package func begin(_ request: HTTPRequest, bufferingAtMost limit: Int) -> HTTPPending {
        let transfer = Transfer(request, mode: .streaming(limit: limit), isShielded: false, loop: loop())
        transfer.begin()
        return HTTPPending(transfer)
    }

    /// Sends a request, and hands the answer to `body` as soon as its head is there. What `body` leaves of the
    /// answer is not fetched.
    /// - Throws: as ``send(_:collectingAtMost:isShielded:)``, and what `body` throws.
    package func withResponse<Value>(
        _ request: HTTPRequest, _ body: (HTTPHead, AsyncPull<[UInt8]>) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let stream = try await open(request)
        defer { stream.close() }
        return try await body(stream.head, AsyncPull { () async throws(StoreError) in try await stream.next() })
    }

    private func loop() -> TransferLoop {
        if loops.count == 1 { return loops[0] }
        return loops[next.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
    }
}

/// Where the system keeps the certificate authorities.
private enum SystemCertificates {
    /// The first bundle that is there; nil leaves it to curl.
    static let path: String? = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ].first { path in (try? LinuxCalls().status(ofPath: path, followingLinks: true)) != nil }
}

// MARK: - Answers on their way

/// An answer whose body is on its way. What is not read is not fetched, beyond what was fetched ahead.
package final class HTTPStream: Sendable {
    package let head: HTTPHead
    private let transfer: Transfer

    init(_ transfer: Transfer, head: HTTPHead) {
        self.transfer = transfer
        self.head = head
    }

    deinit { transfer.cancel() }

    /// The next bytes; nil at the end, which is told only after all of the body arrived.
    package func next() async throws(StoreError) -> [UInt8]? { try await transfer.nextChunk() }

    /// The rest of a body that is known to be short.
    package func collect(_ limit: Int) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            bytes += chunk
            if bytes.count > limit {
                throw StoreError(.failed, "the server's answer is longer than the limit of \(limit) bytes")
            }
        }
        return bytes
    }

    /// The beginning of the rest: of an answer that tells an error, where more than that would tell nothing more.
    package func beginning(_ limit: Int) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, let chunk = try await next() { bytes += chunk.prefix(limit - bytes.count) }
        if bytes.count == limit { close() }
        return bytes
    }

    /// Ends it; the connection goes too, unless the body has been read to its end.
    package func close() { transfer.cancel() }
}

/// A request that is under way, until it is closed or its stream is let go.
package final class HTTPPending: Sendable {
    private let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }

    /// Waits for the answer's head. To be called once.
    package func stream() async throws(StoreError) -> HTTPStream {
        do { return HTTPStream(transfer, head: try await transfer.head()) } catch {
            transfer.cancel()
            throw error
        }
    }

    package func close() { transfer.cancel() }
}

// MARK: - What errors advise

/// What a person can do about a server that is not spoken to, in the words of the backend that speaks to it.
package struct HTTPAdvice: Sendable {
    /// What server it should be, e.g. `a server of that protocol`.
    package var server = "such a server"
    /// Where the certificate is for another name.
    package var otherName = "write that name as the endpoint"
    /// Where the certificate is of an unknown authority.
    package var unknownAuthority = "make that authority known to this machine"
    /// Where the file of authorities cannot be read.
    package var authoritiesFile = "check its name"

    package init() {}
}

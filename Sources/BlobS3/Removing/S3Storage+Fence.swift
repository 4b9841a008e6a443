public import BlobStore

extension S3Storage: FencedRemovals {
    /// How long a prepared removal is good for.
    private static let lifeSeconds = 60

    /// The life of a prepared removal, and four minutes for the clocks of a server's machines to differ.
    public var fence: Duration { .seconds(300) }

    /// Dated by the server's own `Date` in an answer that came before it.
    /// - Source: query parameters of Signature version 4, `X-Amz-Date` and `X-Amz-Expires`.
    public func prepareRemoval(of key: Key) async throws(StoreError) -> PreparedRemoval {
        try await prepareRemoval(of: key, ago: 0)
    }

    /// - Parameter secondsAgo: for tests: as if it had been prepared so long ago.
    package func prepareRemoval(of key: Key, ago secondsAgo: Int64) async throws(StoreError) -> PreparedRemoval {
        try key.expectObject()
        let request = try await during("prepareRemoval", key) { () async throws(StoreError) in
            try await session.presignedDeletion(
                of: try name(key), ago: secondsAgo, expiresAfterSeconds: Self.lifeSeconds)
        }
        return PreparedRemoval { [self] () async throws(StoreError) in
            try await during("removeObject", key) { () async throws(StoreError) in
                try await session.sendOnce(request)
            }
        }
    }
}

extension S3Session {
    /// The deletion of an object, signed once: not by this machine's clock, but by the server's.
    fileprivate func presignedDeletion(
        of name: String, ago secondsAgo: Int64, expiresAfterSeconds: Int
    ) async throws(StoreError) -> HTTPRequest {
        var look = S3Call("HEAD", name)
        look.accepted = [404]
        guard let date = try await send(look).headers["Date"].flatMap(UTCTime.init(httpDate:)) else {
            throw StoreError(.unsupported, "\(address.endpoint) does not tell the time, which a fence is measured by")
        }
        let path = address.path(name)
        let subject = Signature.Subject(
            "DELETE", path: path, headers: ["Host": address.host], payloadHash: Signature.unsignedPayload)
        let signature = Signature(
            try await currentKey(), region: address.region, at: date.advanced(by: .seconds(-secondsAgo)))
        guard let query = signature.presignedQuery(of: subject, expiresAfterSeconds: expiresAfterSeconds) else {
            throw StoreError.withoutSHA256
        }
        var request = HTTPRequest("DELETE", "\(address.origin)\(path)?\(query)")
        request.mayBeResent = false
        request.patience.total = .seconds(Int64(expiresAfterSeconds))
        return request
    }

    /// Sends what is signed already, and never again.
    fileprivate func sendOnce(_ request: HTTPRequest) async throws(StoreError) {
        let response = try await client.send(request)
        if response.head.isSuccess || response.status == 404 { return }
        let refusal = error(Refusal(response))
        throw StoreError(
            .unavailable, "the removal came too late, or was refused: \(refusal.message)", cause: refusal.cause)
    }
}

internal import BlobHTTP
public import ObjectStorage

extension S3Storage: FencedRemovals {
    /// How long a prepared removal is good for.
    private static let lifeSeconds = 60

    /// The life of a prepared removal, and four minutes for the clocks of a server's machines to differ.
    public var fence: Duration { .seconds(300) }

    /// *Cost*: some six small requests, once in a process.
    public func expectFence() async throws(StoreError) {
        try await during("expectFence") { () async throws(StoreError) in
            let holds = try await learned.refusesLateRemovals { () async throws(StoreError) in
                try await measureLateRemovals().holds == true
            }
            guard !holds else { return }
            throw StoreError(
                .unsupported,
                "\(session.address.endpoint) does not refuse a removal that arrives too late (late-removal: no), so a "
                    + "collector that was paused would remove what was published since; nothing is removed there; see "
                    + "\"probe\", and use a server that checks the age of signatures")
        }
    }

    /// What a collector that was paused sends too late must not be carried out, and what it sends in time must be.
    func measureLateRemovals() async throws(StoreError) -> Guarantee {
        let seconds = fence.components.seconds
        let told = "a removal that was signed \(seconds) s ago"
        guard try await !isRemoved(signedSecondsAgo: seconds) else {
            return Guarantee(
                "late-removal", holds: false,
                "\(told) is carried out, so a paused collector would remove what was published since: \"gc --delete\" "
                    + "is refused there")
        }
        let isPrompt = try await isRemoved(signedSecondsAgo: 0)
        return Guarantee(
            "late-removal", holds: isPrompt,
            isPrompt
                ? "\(told) is refused"
                : "a removal that was signed just now is refused, so \"gc\" cannot remove anything there")
    }

    private func isRemoved(signedSecondsAgo seconds: Int64) async throws(StoreError) -> Bool {
        let name = "\(prefix)\(CapabilityProbe.folder)\(UInt64.random(in: 0...UInt64.max))-removal"
        var call = S3Call("PUT", name)
        try call.set(body: [1], contentType: Self.objectType)
        try call.setMD5()
        _ = try await session.send(call)
        let request = try await session.presignedDeletion(
            of: name, ago: seconds, expiresAfterSeconds: Self.lifeSeconds)
        do throws(StoreError) { try await session.sendOnce(request) } catch  where error.code == .unavailable {}
        guard try await head(name) != nil else { return true }
        try await session.delete(name)
        return false
    }

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
            throw StoreError(.unsupported, "\(address.endpoint) does not report the time, which a fence needs")
        }
        let path = address.path(name)
        let subject = Signature.Subject(
            "DELETE", path: path, headers: ["Host": address.host], payloadHash: Signature.unsignedPayload)
        let signature = Signature(
            try await currentKey(), region: address.region, at: date.advanced(by: .seconds(-secondsAgo)))
        guard let query = signature.presignedQuery(of: subject, expiresAfterSeconds: expiresAfterSeconds) else {
            throw StoreError.withoutSHA256
        }
        var request = HTTPRequest("DELETE", "\(address.origin)\(path)?\(query)", headers: ["Host": address.host])
        request.mayBeResent = false
        request.timeouts.total = .seconds(Int64(expiresAfterSeconds))
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

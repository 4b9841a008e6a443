internal import BlobHTTP
public import ObjectStorage

extension S3Storage: DescribedStorage {
    /// *Cost*: three small requests. What the server promises is told as a record has kept it.
    public func describe() async throws(StoreError) -> PlaceDescription {
        try await during("describe") { () async throws(StoreError) in
            var found = PlaceDescription()
            found.place = title
            if let known = learned.known {
                // Who made the root for one writer knows what the server lacks.
                let isShared = !learned.isForOneWriter
                found.guarantees = [conditionalCreation(known), conditionalReplacement(known)].map {
                    Guarantee($0.name, holds: $0.holds, isNeeded: isShared, $0.detail)
                }
                found.guarantees += [checksums(known), order(known)]
            } else {
                found.guarantees = [
                    Guarantee(
                        "conditional-writes", holds: nil, isNeeded: false,
                        "no record tells whether this server keeps conditional writes; \"blobtool probe\" measures it")
                ]
            }
            let settings = try await settings()
            found.guarantees += settings
            found.advice = capabilities.advice + settings.filter { $0.holds == false }.map(\.detail)
            return found
        }
    }

    /// *Cost*: four small requests. A removal is tried first, so that nothing is left where removing is not allowed.
    public func tryWriting() async throws(StoreError) -> WritingTrial {
        try await during("tryWriting") { () async throws(StoreError) in
            let name = "\(prefix)\(CapabilityProbe.folder)trial-\(UInt64.random(in: 0...UInt64.max))"
            let content = Array("trial \(UInt64.random(in: 0...UInt64.max))".utf8)
            try await session.delete(name)
            var call = S3Call("PUT", name)
            try call.set(body: content, contentType: "text/plain")
            try call.setMD5()
            let found: Result<WritingTrial, StoreError>
            do throws(StoreError) {
                let date = try await session.send(call).headers["Date"].flatMap { UTCTime(httpDate: $0) }
                let ahead = date.map { $0.since(session.retries.pacing.wallTime()) }
                let read = try await session.send(S3Call("GET", name)).body
                guard read == content else {
                    throw StoreError(.corrupt, "\(session.address.endpoint) does not return what was just written")
                }
                found = .success(WritingTrial(clockAhead: ahead))
            } catch { found = .failure(error) }
            do throws(StoreError) {
                try await uncancelled { () async throws(StoreError) in try await self.session.delete(name) }
            } catch { if case .success = found { throw error } }
            return try found.get()
        }
    }

    var title: String {
        "bucket \"\(session.address.bucket)\" at \(session.address.endpoint), region \(session.address.region)"
    }

    private func checksums(_ found: ServerCapabilities) -> Guarantee {
        Guarantee(
            "checksums", holds: found.takesChecksums, isNeeded: false,
            found.takesChecksums
                ? "content is sent with a SHA-256 checksum for the server to compare"
                : "the server takes no SHA-256 checksum, so content is sent with its MD5")
    }
}

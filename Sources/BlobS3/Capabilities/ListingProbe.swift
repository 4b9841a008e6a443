internal import BlobCrypto
internal import BlobHTTP
public import ObjectStorage

extension S3Storage: DigestedListings {
    /// *Cost*: some eight small requests, once in a process, where it may measure.
    public func listsWritesAtOnce(measuring: Bool) async throws(StoreError) -> Bool? {
        try await during("listsWritesAtOnce") { () async throws(StoreError) in
            try await learned.listsWritesAtOnce(measuring: measuring) { () async throws(StoreError) in
                try await ListingProbe(session: session, prefix: prefix).run()
            }
        }
    }
}

/// Finds out whether listings show at once what was written, and tell its MD5, with a small object of its own.
struct ListingProbe {
    private static let rounds = 3

    let session: S3Session
    let prefix: String

    func run() async throws(StoreError) -> Bool {
        let name = "\(prefix)\(CapabilityProbe.folder)\(UInt64.random(in: 0...UInt64.max))-listing"
        let found: Result<Bool, StoreError>
        do throws(StoreError) { found = .success(try await isShownAtOnce(name)) } catch { found = .failure(error) }
        var call = S3Call("DELETE", name)
        call.repetition = .never
        // What is left behind is removed as an upload that was given up.
        _ = try? await session.send(call)
        return try found.get()
    }

    /// Writes and lists in turn.
    private func isShownAtOnce(_ name: String) async throws(StoreError) -> Bool {
        for _ in 0..<Self.rounds {
            let bytes = Array("listing \(UInt64.random(in: 0...UInt64.max))".utf8)
            guard let md5 = Hasher.hex(.md5, of: bytes) else { return false }
            var call = S3Call("PUT", name)
            try call.set(body: bytes, contentType: "text/plain")
            try call.setMD5()
            _ = try await session.send(call)
            let query = [(name: "list-type", value: "2"), (name: "prefix", value: name)]
            let (answer, _) = try await session.send(S3Call("GET", nil, query: query), for: ObjectListingAnswer.self)
            if answer.objects.first(where: { $0.key == name })?.md5 != md5 { return false }
        }
        return true
    }
}

extension LearnedCapabilities {
    private static let listingField = "x-amz-meta-blobstore-listing"

    /// Whether listings show at once what was written: as this process saw it, or else as a record tells that some
    /// process saw it.
    func listsWritesAtOnce(
        measuring: Bool, _ measure: () async throws(StoreError) -> Bool
    ) async throws(StoreError) -> Bool? {
        let known = memory.listsWritesAtOnce(address)
        if let known, known.isConfirmed || !measuring { return known.holds }
        if !measuring { return nil }
        let found = try await measure()
        memory.keep(listsWritesAtOnce: found, isConfirmed: true, address)
        return found
    }

    /// Learns from a record that was read. It holds for this bucket at this endpoint alone.
    func learnOfListings(from headers: HTTPHeaders) {
        guard memory.listsWritesAtOnce(address) == nil, headers[Self.listingField] == listingText else { return }
        memory.keep(listsWritesAtOnce: true, isConfirmed: false, address)
    }

    /// Keeps what this process saw beside a record.
    func keepListings(in headers: inout HTTPHeaders) {
        guard let found = memory.listsWritesAtOnce(address), found.holds, found.isConfirmed else { return }
        headers[Self.listingField] = listingText
    }

    private var listingText: String { "1 \(ServerCapabilities.fingerprint(of: address)) current" }
}

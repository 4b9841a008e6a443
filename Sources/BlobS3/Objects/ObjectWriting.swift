internal import BlobHTTP
internal import ObjectStorage

/// One object on its way to the server: in one request, or in parts side by side.
struct ObjectWriting: Sendable {
    /// Up to here content is sent without asking first whether it is there.
    private static let unaskedBytes: Int64 = 1 << 20
    private static let partsAtATime = 3
    private static let maximumTries = 5
    /// Bounds the memory of all large uploads of this process together.
    private static let buffers = AsyncSemaphore(places: 3)
    /// The same for small ones, of which hundreds may be under way.
    private static let smallBuffers = ByteBudget(24 << 20)

    let storage: S3Storage
    let key: Key
    let name: String
    let size: Int64

    func run(_ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        guard size <= PartPlan.largestObjectBytes else {
            throw StoreError(.invalidArgument, "\"\(key)\" has \(size) bytes, and S3 servers take at most 5 TiB")
        }
        if size > Self.unaskedBytes, let outcome = try await present() { return outcome }
        if size <= Self.unaskedBytes {
            return try await Self.smallBuffers.spend(max(size, 4_096)) { () async throws(StoreError) in
                try await sendWhole(source)
            }
        }
        if size <= Int64(PartPlan.largestSinglePartBytes) {
            return try await Self.buffers.pass { () async throws(StoreError) in try await sendWhole(source) }
        }
        try await sendInParts(source)
        return .created
    }

    private func sendWhole(_ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        var blocks = Blocks(try await source.read(), of: Int(size), key: key, size: size)
        let bytes = try await blocks.next() ?? []
        _ = try await blocks.next()
        return try await put(bytes)
    }

    /// What stands there already; nil when nothing does.
    private func present() async throws(StoreError) -> CommitOutcome? {
        guard let found = try await storage.head(name) else { return nil }
        if found.info.size != size { throw StoreError.otherSize(key, found: found.info.size, wanted: size) }
        return try await storage.refreshObject(key, size: size) ? .present : nil
    }

    private func put(_ bytes: [UInt8]) async throws(StoreError) -> CommitOutcome {
        let found = try await storage.learned.settled()
        let holdsCreation = found.holdsCreation
        var call = S3Call("PUT", name)
        try call.set(hashedBody: bytes, takesChecksums: found.takesChecksums)
        if holdsCreation {
            call.headers["If-None-Match"] = "*"
            call.accepted = [412]
        }
        for number in 1...Self.maximumTries {
            if !holdsCreation, let outcome = try await present() { return outcome }
            let response = try await storage.session.send(call)
            if response.status != 412 { return .created }
            if let outcome = try await present() { return outcome }
            // One server takes for there what was removed while its bucket kept versions. The condition only spares a
            // writing: the key tells the bytes.
            if number == Self.maximumTries / 2 { call.headers["If-None-Match"] = nil }
        }
        throw StoreError(.unavailable, "\"\(key)\" kept appearing and disappearing while it was written; try again")
    }
}

// MARK: - In parts

extension ObjectWriting {
    private func sendInParts(_ source: ObjectSource) async throws(StoreError) {
        let plan = PartPlan(size: size)
        let isHashed = try await storage.learned.settled().takesChecksums
        let upload = try await MultipartUpload.begin(name, size: size, isHashed: isHashed, in: storage.session)
        do throws(StoreError) {
            let blocks = Blocks(try await source.read(), of: Int(plan.partSizeBytes), key: key, size: size)
            try await upload.complete(try await send(blocks, upload).get())
        } catch {
            await upload.abort()
            throw error
        }
    }

    private typealias Sent = (index: Int, part: Result<MultipartUpload.Part, StoreError>)

    private func send(
        _ blocks: Blocks, _ upload: MultipartUpload
    ) async -> Result<[MultipartUpload.Part], StoreError> {
        await withTaskGroup(of: Sent.self) { group in
            var blocks = blocks
            var parts: [Int: MultipartUpload.Part] = [:]
            var failure: StoreError?
            var begun = 0
            func note(_ sent: Sent) {
                switch sent.part {
                case .success(let part): parts[sent.index] = part
                case .failure(let error): failure = failure ?? error
                }
            }
            while failure == nil {
                if begun - parts.count >= Self.partsAtATime, let sent = await group.next() {
                    note(sent)
                    continue
                }
                do throws(StoreError) {
                    guard
                        let block = try await Self.withBuffer({ () async throws(StoreError) in try await blocks.next() }
                        )
                    else { break }
                    let index = begun
                    begun += 1
                    group.addTask { (index, await Self.send(block, index: index, to: upload)) }
                } catch { failure = error }
            }
            if failure != nil { group.cancelAll() }
            for await sent in group { note(sent) }
            if let failure { return .failure(failure) }
            return .success((0..<begun).compactMap { parts[$0] })
        }
    }

    /// Reads a block with a place for it taken; it is given back here only when there is no block.
    private static func withBuffer(
        _ read: () async throws(StoreError) -> [UInt8]?
    ) async throws(StoreError) -> [UInt8]? {
        try await buffers.enter()
        do throws(StoreError) {
            if let block = try await read() { return block }
        } catch {
            buffers.leave()
            throw error
        }
        buffers.leave()
        return nil
    }

    private static func send(
        _ block: [UInt8], index: Int, to upload: MultipartUpload
    ) async -> Result<MultipartUpload.Part, StoreError> {
        defer { buffers.leave() }
        do throws(StoreError) { return .success(try await upload.send(block, number: index + 1)) } catch {
            return .failure(error)
        }
    }
}

/// Content in blocks of one size, the last one shorter, which together must be as long as was said.
struct Blocks {
    private let chunks: AsyncPull<[UInt8]>.Fetch
    private let blockSize: Int
    private let key: Key
    private let size: Int64
    private var left: [UInt8] = []
    private var delivered: Int64 = 0

    init(_ chunks: AsyncPull<[UInt8]>, of blockSize: Int, key: Key, size: Int64) {
        self.chunks = chunks.puller()
        self.blockSize = max(blockSize, 1)
        self.key = key
        self.size = size
    }

    /// - Throws: `sourceFailed` at the end of content that is shorter or longer than was said; `cancelled`.
    mutating func next() async throws(StoreError) -> [UInt8]? {
        var block = left
        left = []
        while block.count < blockSize, let chunk = try await chunks() {
            if Task.isCancelled { throw StoreError(.cancelled, "the write of \"\(key)\" was cancelled") }
            if block.isEmpty { block.reserveCapacity(Int(min(Int64(blockSize), size - delivered))) }
            let room = min(blockSize - block.count, chunk.count)
            block += chunk[..<room]
            left = Array(chunk[room...])
        }
        delivered += Int64(block.count)
        guard delivered <= size, !block.isEmpty || delivered == size else {
            throw StoreError(
                .sourceFailed, "the content for \"\(key)\" no longer has \(size) bytes, because it changed meanwhile")
        }
        return block.isEmpty ? nil : block
    }
}

// MARK: - Uploads in parts

/// An upload in parts, from its beginning to its completion or its abortion.
/// - Source: CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload.
struct MultipartUpload: Sendable {
    struct Part: Sendable {
        let etag: String
        /// SHA-256 in base64; nil for a part that the server copied.
        let checksum: String?
    }

    let name: String
    let id: String
    let size: Int64
    /// Whether the parts carry checksums.
    private let isHashed: Bool
    private let session: S3Session

    /// - Parameters:
    ///   - isHashed: whether the parts carry checksums.
    ///   - storageClass: nil for the server's usual one.
    static func begin(
        _ name: String, size: Int64, isHashed: Bool = false, storageClass: String? = nil, in session: S3Session
    ) async throws(StoreError) -> MultipartUpload {
        var call = S3Call("POST", name, query: [("uploads", "")])
        call.headers["Content-Type"] = S3Storage.objectType
        if isHashed { call.headers["x-amz-checksum-algorithm"] = "SHA256" }
        call.headers["x-amz-storage-class"] = storageClass
        let id = try await session.send(call, for: UploadBegunAnswer.self).answer.id
        return MultipartUpload(name: name, id: id, size: size, isHashed: isHashed, session: session)
    }

    /// Sends one part, whose digest the server compares in one way or the other: as the signed payload's, or as its
    /// checksum.
    func send(_ bytes: [UInt8], number: Int) async throws(StoreError) -> Part {
        var call = S3Call("PUT", name, query: [("partNumber", String(number)), ("uploadId", id)])
        let checksum = try call.set(hashedBody: bytes, takesChecksums: isHashed)
        let response = try await session.send(call)
        guard let etag = response.headers["ETag"], !etag.isEmpty else {
            throw StoreError(.failed, "the server gave no ETag for part \(number)")
        }
        return Part(etag: etag, checksum: checksum)
    }

    /// Makes the parts an object, and looks at what became of it.
    func complete(_ parts: [Part]) async throws(StoreError) {
        var call = S3Call("POST", name, query: [("uploadId", id)])
        try call.set(body: PartList(parts: parts).xml, contentType: "application/xml")
        call.answersLate = true
        do { _ = try await session.send(call, for: UploadCompletedAnswer.self) } catch  where error.code == .notFound {
            // An attempt whose answer was lost may have completed it: then the upload is gone, and the object there.
            try error.unlessAboutTheBucket()
            try await expectObject(or: error)
            return
        }
        try await expectObject(or: StoreError(.failed, "the server's object is not what was sent", isRetryable: true))
    }

    private func expectObject(or error: StoreError) async throws(StoreError) {
        let response = try await session.send(S3Call("HEAD", name))
        guard response.headers["Content-Length"].flatMap({ WireNumber.count($0) }) == size else { throw error }
    }

    /// Frees what was sent, also when the task was cancelled. What that misses shows up as an upload in flight.
    func abort() async {
        var call = S3Call("DELETE", name, query: [("uploadId", id)])
        call.repetition = .never
        _ = try? await session.send(call)
    }
}

extension S3Call {
    /// Sends bytes with their SHA-256, as the signed payload's and as a checksum: of the servers that were measured
    /// each compares at least one of the two. A server that takes no checksum gets an MD5.
    /// - Returns: the checksum, where one is sent.
    @discardableResult
    mutating func set(hashedBody bytes: [UInt8], takesChecksums: Bool) throws(StoreError) -> String? {
        try set(body: bytes, contentType: S3Storage.objectType)
        if takesChecksums { return setChecksum() }
        try setMD5()
        return nil
    }
}

extension S3Storage {
    static let objectType = "application/octet-stream"
}

/// How an object is cut into parts.
package struct PartPlan: Sendable, Equatable {
    /// A server keeps at most so many parts, and at most so large an object.
    package static let maximumParts: Int64 = 10_000
    package static let largestObjectBytes: Int64 = 5 << 40
    /// What is not larger goes in one request.
    package static let largestSinglePartBytes = 8 << 20

    package let size: Int64
    package let partSizeBytes: Int64

    /// Parts of 8 MiB, and larger ones only where an object would have too many.
    package init(size: Int64) {
        self.size = size
        let least = (size + Self.maximumParts - 1) / Self.maximumParts
        let mebibyte: Int64 = 1 << 20
        partSizeBytes = max(Int64(Self.largestSinglePartBytes), (least + mebibyte - 1) / mebibyte * mebibyte)
    }

    package var count: Int { Int((size + partSizeBytes - 1) / partSizeBytes) }

    /// The bytes of a part, counted from 0.
    package func range(_ index: Int) -> Range<Int64> {
        let start = Int64(index) * partSizeBytes
        return start..<min(start + partSizeBytes, size)
    }
}
